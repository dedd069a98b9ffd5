"""Requests made from the published schema, right and wrong: no 5xx, and no answer that it does not tell of.

Over every operation, by an owner, a buyer and somebody without a key; answers are really made, by the tiny
core. SCHEMA_EXAMPLES says how many requests each operation gets from each caller (deeper: 100).
"""

import os
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.who_may.actors import undone

pytestmark = [pytest.mark.books, pytest.mark.django_db]
EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "2"))
SWITCHED_OFF = {"provider_off"}  # top-ups without a payment provider: 503, as documented
ASKING = {"/v1/chat/completions", "/v1/completions", "/v1/classify", "/v1/plan"}
Problems = dict[str, set[str]]


def no_server_error(ctx: Any, response: Any, case: Any) -> bool | None:
    if response.status_code == 503 and response.json().get("code") in SWITCHED_OFF:
        return None
    return not_a_server_error(ctx, response, case)


CHECKS = [no_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def known(scene, settings):
    """What addresses can name so that requests get beyond `not found`."""
    settings.API_REQUESTS_PER_MINUTE = settings.PLANS_PER_MINUTE = 10**9
    receipt = scene.ask(max_tokens=2).json()["abc"]["receipt_id"]
    return {"slug": "python-guide", "receipt_id": receipt, "number": 1}


@pytest.fixture
def schema(known) -> Iterator[Any]:
    """Asked in this thread and transaction, so no request may put the connection away."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/v1/schema?format=json", get_wsgi_application())
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("who", ["owner", "buyer", "nobody"])
def test_no_request_ends_in_a_server_error_or_in_an_answer_that_is_not_documented(
    scene, schema, known, who, mode
):
    key = {} if who == "nobody" else {"Authorization": f"Bearer {getattr(scene.cast, who).key}"}
    problems: Problems = defaultdict(set)
    tried = [_try(one.ok(), mode, key, known, problems) for one in schema.get_all_operations()]
    assert len(tried) > 80, "every operation of the schema"
    assert sum(tried) > len(tried) * EXAMPLES / 2, "most of them with requests"
    told = [f"{where}: {what}" for where, found in sorted(problems.items()) for what in sorted(found)]
    assert not told, "\n".join(told)


def _try(
    operation: Any, mode: GenerationMode, key: dict[str, str], known: dict[str, Any], problems: Problems
) -> int:
    """How many requests were made of this operation; what was wrong with their answers goes to `problems`."""
    chance, made = random.Random(f"{operation.method} {operation.path}"), []

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def once(case: Any) -> None:
        _aim(case, chance, known)
        with undone():
            response = case.call(headers=key)
        made.append(case)
        try:
            case.validate_response(response, checks=CHECKS)
        except (Failure, FailureGroup) as error:
            for failure in getattr(error, "exceptions", [error]):
                where = f"{operation.method.upper()} {operation.path}"
                problems[where].add(_said(failure, response, case))

    try:
        once()
    except Unsatisfiable:  # an operation that takes nothing cannot be asked wrongly
        assert mode == GenerationMode.NEGATIVE, operation.path
    return len(made)


def _aim(case: Any, chance: random.Random, known: dict[str, Any]) -> None:
    """Half of the addresses name what is there; most questions go to the core that is there."""
    if chance.random() < 0.5:
        for name in set(case.path_parameters or {}) & set(known):
            case.path_parameters[name] = known[name]
    if case.operation.path in ASKING and isinstance(case.body, dict) and chance.random() < 0.7:
        case.body["model"] = "tiny"
        if case.body.keys() & {"max_tokens", "max_completion_tokens"}:
            case.body["max_tokens"] = 2
            case.body.pop("max_completion_tokens", None)


def _said(failure: Exception, response: Any, case: Any) -> str:
    sent = f"body {case.body!r:.200}, query {case.query!r:.200}"
    return f"{type(failure).__name__} at {response.status_code}: {str(failure)[:300]!r}; sent {sent}"
