"""/healthz and /readyz: what load balancers and operators ask."""

import pytest
from django.db import OperationalError

pytestmark = pytest.mark.django_db


@pytest.fixture
def embedded(settings):
    settings.REDIS_URL, settings.WORK_MODE = "", "embedded"


def engine_is(monkeypatch, state: str, failure: str = "") -> None:
    monkeypatch.setattr("workers.local_engine.state", lambda: (state, failure))


def test_a_process_that_answers_is_healthy_and_says_its_version(client, settings):
    assert client.get("/healthz").json() == {"status": "ok", "version": settings.VERSION}


def test_an_embedded_process_is_ready_when_its_engine_is(client, embedded, monkeypatch):
    engine_is(monkeypatch, "ready")
    reply = client.get("/readyz")
    assert (reply.status_code, reply.json()["status"]) == (200, "ready")


@pytest.mark.parametrize(("state", "failure"), [("warming", ""), ("failed", "no core"), ("absent", "")])
def test_an_embedded_process_without_a_warm_engine_is_not_ready_and_says_why(
    client, embedded, monkeypatch, state, failure
):
    engine_is(monkeypatch, state, failure)
    reply = client.get("/readyz")
    assert (reply.status_code, reply.json()["status"]) == (503, "not ready")
    assert state in reply.json()["engine"]
    assert failure in reply.json()["engine"]


def test_a_web_process_without_its_database_is_not_ready(client, embedded, monkeypatch):
    def away(*_args, **_options):
        raise OperationalError("secret host name")

    engine_is(monkeypatch, "ready")
    monkeypatch.setattr("config.health.connection.cursor", away)
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["database"] == "unreachable (OperationalError)"


def test_a_web_process_without_its_redis_is_not_ready(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json()["redis"].startswith("unreachable")
