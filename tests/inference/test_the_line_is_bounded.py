"""More questions than places: as many as fit are answered, the others are told when to come again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone

from accounting.errors import TooMany
from inference import engine, intake
from inference.models import Answer, AnswerKind

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]
PLACES, CLIENTS = 20, 100


@pytest.fixture
def nobody_takes_up(scene, settings):
    """Rows wait: no engine is told of them."""
    settings.WORK_RUNNERS = {"immediate": "tests.inference.test_the_line_is_bounded.told"}
    settings.ANSWERS_WAITING = PLACES
    return scene


def told(_task, _queue, _values):
    """Nothing happens."""


def join(scene, actor=None):
    actor = actor or scene.cast.buyer
    caller = intake.Caller(actor.organisation, None, None)
    body = scene.body(max_tokens=1, abc={"purpose": "research", "only": []})
    return intake.submit(caller=caller, kind=AnswerKind.CHAT, body=body, now=timezone.now())[1]


def test_a_hundred_clients_on_twenty_places_are_answered_or_told_and_none_is_lost(nobody_takes_up):
    waits: list[int] = []

    def client(_number):
        try:
            return join(nobody_takes_up).pk
        except TooMany as refusal:
            waits.append(int(str(refusal.extra["retry_after"])))
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=16) as clients:
        taken = [one for one in clients.map(client, range(CLIENTS)) if one is not None]
    assert len(taken) == Answer.objects.count() == PLACES
    assert len(waits) == CLIENTS - PLACES
    assert all(1 <= seconds <= 30 for seconds in waits)
    for answer_id in taken:
        engine.answer(answer_id=answer_id)
    assert set(Answer.objects.values_list("state", flat=True)) == {"done"}


def test_a_full_line_is_openais_429_with_the_seconds_to_wait_and_writes_nothing(nobody_takes_up, settings):
    settings.ANSWERS_WAITING = 1
    join(nobody_takes_up)
    reply = nobody_takes_up.ask()
    assert reply.status_code == 429
    assert reply.json()["error"]["code"] == "queue_full"
    assert int(reply.headers["Retry-After"]) >= 1
    assert Answer.objects.count() == 1


def test_one_consumer_cannot_fill_the_line_for_others(nobody_takes_up, settings):
    settings.ANSWERS_WAITING_PER_CONSUMER = 2
    join(nobody_takes_up)
    join(nobody_takes_up)
    with pytest.raises(TooMany):
        join(nobody_takes_up)
    assert join(nobody_takes_up, nobody_takes_up.cast.owner)
