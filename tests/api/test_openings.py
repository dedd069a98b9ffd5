"""The schema and its page, the signing keys, the metrics, and errors that nobody foresaw."""

import re

import pytest
from django.db import OperationalError
from rest_framework.exceptions import APIException

from accounting.errors import PaymentRequired
from marketplace.api.problems import handle, openai_error, problem_of
from tests.builders import draft_source

pytestmark = [pytest.mark.django_db]


class OpenAiView:
    openai_errors = True


def test_the_schema_describes_every_operation_with_its_errors(cast):
    response = cast.stranger.get("/v1/schema", HTTP_ACCEPT="application/json")
    paths = response.json()["paths"]
    assert {"/v1/sources", "/v1/sources/{slug}/documents", "/v1/jobs/{job_id}"} <= set(paths)
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert "429" in operation["responses"] or "/schema" in path, (path, method)
            assert "openai_errors" not in operation.get("description", ""), (
                "words for builders, not for users"
            )


def test_the_page_to_try_it_asks_no_other_host_and_runs_no_inline_script(client):
    response = client.get("/v1/docs")
    page = response.content.decode()
    assert response.status_code == 200
    assert all(link.startswith("/") for link in re.findall(r'(?:src|href)="([^"]+)"', page))
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "style-src 'self' 'unsafe-inline'" in policy
    script = client.get(re.findall(r'src="(/v1/docs[^"]+)"', page)[0].replace("&amp;", "&"))
    assert "SwaggerUIBundle" in script.content.decode()


def test_the_signing_keys_are_public(client):
    (key,) = client.get("/.well-known/jwks.json").json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in key


def test_the_signing_keys_may_be_kept_for_a_while_and_asked_for_again_cheaply(client):
    first = client.get("/.well-known/jwks.json")
    assert "public, max-age=300" in first["Cache-Control"]
    assert client.get("/.well-known/jwks.json", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    assert client.get("/.well-known/jwks.json", HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_metrics_tell_of_the_process_and_the_market(cast, client):
    draft_source(cast.owner)
    told = client.get("/metrics").content.decode()
    assert "python_info" in told
    assert 'market_sources{state="draft"} 1.0' in told
    assert 'market_jobs{state="failed"} 0.0' in told
    assert "market_open_holds 0.0" in told


def test_the_process_tells_of_itself_while_the_database_is_away(client, monkeypatch):
    def away(_self):
        raise OperationalError("gone")

    monkeypatch.setattr("marketplace.api.metrics.MarketCollector.collect", away)
    response = client.get("/metrics")
    assert response.status_code == 200
    assert "python_info" in response.content.decode()


def test_what_nobody_foresaw_is_a_problem_without_a_traceback(cast, monkeypatch):
    def broken(*_args, **_options):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("marketplace.api.money.ledger.balance", broken)
    response = cast.owner.api.get("/v1/account")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "secret" not in response.content.decode()
    assert "Traceback" not in response.content.decode()


def test_the_openai_endpoints_answer_openais_error_object():
    error = PaymentRequired("Not enough.", next_step="Top up.", quote_micro_usd=5, available_micro_usd=1)
    response = handle(error, {"view": OpenAiView()})
    assert response.status_code == 402
    assert response.data == {
        "error": {
            "message": "Not enough. Top up.",
            "type": "insufficient_quota",
            "param": None,
            "code": "payment_required",
            "status": 402,
            "quote_micro_usd": 5,
            "available_micro_usd": 1,
        }
    }
    assert response["X-Should-Retry"] == "false"


def test_an_error_of_the_framework_keeps_its_status():
    class Busy(APIException):
        status_code = 503
        default_code = "busy"
        default_detail = "Busy."

    assert problem_of(Busy())["status"] == 503
    assert openai_error(problem_of(Busy()))["error"]["type"] == "server_error"
