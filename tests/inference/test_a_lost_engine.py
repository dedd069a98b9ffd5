"""An engine that dies in mid-answer: its hold ends by its watermark, its reader is told, the books agree."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounting import budgets, holds
from accounting.models import Hold, Receipt
from inference import upkeep
from inference.models import Answer

pytestmark = [pytest.mark.books, pytest.mark.django_db]


class KilledError(BaseException):
    """Ends an engine like kill -9: nothing that handles failures sees it."""


def lose_the_engine_after(scene, monkeypatch, *, events: int, **body) -> Answer:
    """The answer as the engine left it after so many events."""
    ordinary = scene.bench.channel.publish

    def dying(answer_id, event):
        number = ordinary(answer_id, event)
        if number == events:
            raise KilledError
        return number

    with monkeypatch.context() as patch:
        patch.setattr(scene.bench.channel, "publish", dying)
        with pytest.raises(KilledError):
            scene.ask(**body)
    return Answer.objects.get()


def long_after():
    return timezone.now() + timedelta(seconds=2 * max(settings.HOLD_SECONDS, settings.ANSWER_LEASE_SECONDS))


def test_the_watermark_is_stored_every_sixteen_tokens(scene, monkeypatch):
    lose_the_engine_after(scene, monkeypatch, events=40, max_tokens=60)
    hold = Hold.objects.get()
    assert hold.state == "open"
    assert hold.tokens_drawn == hold.tokens_delivered > 0
    assert hold.tokens_drawn % 16 == 0


def test_a_lost_answer_is_paid_and_spent_up_to_its_watermark_and_the_rest_goes_back(scene, monkeypatch):
    before, source = scene.money_left(), scene.sources["python-guide"]
    lose_the_engine_after(scene, monkeypatch, events=40, max_tokens=60)
    assert scene.money_left() < before
    assert holds.expire_due(now=long_after()) == 1
    receipt = Receipt.objects.get()
    line = receipt.lines.get()
    assert before - scene.money_left() == receipt.total_micro_usd > 0
    assert budgets.state(source.budget_account_id).spent == line.drawn_nano_nats == line.nano_nats
    assert budgets.state(source.budget_account_id).held == 0


def test_a_lost_answer_fails_and_its_reader_is_told(scene, monkeypatch):
    answer = lose_the_engine_after(scene, monkeypatch, events=10, max_tokens=60)
    assert answer.state == "running"
    assert upkeep.fail_lost_answers(now=timezone.now()) == 0, "its lease is still good"
    assert upkeep.fail_lost_answers(now=long_after()) == 1
    answer.refresh_from_db()
    assert answer.state == "failed"
    assert answer.error is not None
    assert answer.error["code"] == "engine_lost"
    assert scene.events(answer)[-1]["problem"]["code"] == "engine_lost"
    holds.expire_due(now=long_after())


def test_a_receipt_of_a_lost_answer_says_why_it_is_not_replayed(scene, monkeypatch):
    lose_the_engine_after(scene, monkeypatch, events=40, max_tokens=60)
    holds.expire_due(now=long_after())
    found = scene.cast.buyer.api.post(f"/v1/receipts/{Receipt.objects.get().pk}/verify").json()
    assert (found["signature"], found["sums"], found["replayed"]) == (True, True, False)
    assert "lost" in found["reason"]
