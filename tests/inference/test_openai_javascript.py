"""The unmodified `openai` client from npm, run by node against a running server."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from accounting.models import Receipt

pytestmark = [pytest.mark.books, pytest.mark.javascript, pytest.mark.django_db(transaction=True)]
PROGRAM = Path(__file__).parent / "javascript"
PATIENCE_SECONDS = 120


@pytest.fixture
def told(scene, base_url):
    """What the program in JavaScript was told."""
    node = shutil.which("node")
    assert node, "node is not here: install it (Debian: apt-get install nodejs npm)"
    assert (PROGRAM / "node_modules").is_dir(), f"npm ci --prefix {PROGRAM} was not run"
    done = subprocess.run(
        [node, "ask.mjs"],
        cwd=PROGRAM,
        env={
            **os.environ,
            "BASE_URL": base_url,
            "API_KEY": scene.cast.buyer.key,
            "POOR_KEY": scene.cast.outsider.key,
            "QUESTION": json.dumps(scene.body(seed=7)),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_a_program_in_javascript_gets_answers_streams_choices_and_its_own_errors(scene, told):
    assert told["models"] == ["tiny"]
    whole = told["whole"]
    assert whole["indexes"] == [0, 1]
    assert (whole["tokens"], whole["tops"], whole["usage"]["completion_tokens"]) == (6, 2, 12)
    assert Receipt.objects.filter(pk__in=whole["receipts"]).count() == 2
    streamed = told["streamed"]
    assert streamed["text"] == whole["texts"][0]
    assert streamed["events"][0] == "abc.votes"
    assert (streamed["usages"], streamed["usage"]["completion_tokens"]) == (1, 6)
    assert Receipt.objects.filter(pk=streamed["receipt"]).exists()
    assert told["helped"] == [[index, text, "length"] for index, text in enumerate(whole["texts"])]
    assert told["completed"] == [[0, "string"], [1, "string"]]
    assert int(told["limits"]["remaining"]) < int(told["limits"]["limit"])
    assert told["limits"]["reset"].endswith("s")
    refusals = {name: (one["kind"], one["status"], one["code"]) for name, one in told["refusals"].items()}
    assert refusals == {
        "model": ("NotFoundError", 404, "model_not_found"),
        "field": ("UnprocessableEntityError", 422, "invalid"),
        "tools": ("UnprocessableEntityError", 422, "invalid"),
        "policy": ("PermissionDeniedError", 403, "policy_denied"),
        "stream": ("PermissionDeniedError", 403, "policy_denied"),
        "key": ("AuthenticationError", 401, "invalid_api_key"),
        "money": ("APIError", 402, "payment_required"),
    }
    assert told["refusals"]["tools"]["param"] == "tools"
