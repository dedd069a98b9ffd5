"""Limits of both sides: whose it was that bound, and what happens when a budget ends in mid-answer."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounting import budgets, holds
from inference.models import Answer

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def voter(scene, **body):
    (found,) = scene.ask(**body).json()["abc"]["sources"]
    return found


@pytest.mark.parametrize(
    ("policy", "wishes", "owner"),
    [
        ({}, {"gamma": {"guide": 0.5}}, "user"),
        ({"max_gamma": 0.25}, {}, "policy"),
        ({}, {"max_influence_nats": 0.4}, "user"),
        ({"influence_nats": {"per_answer": 0.4}}, {}, "policy"),
        ({"influence_nats": {"lifetime": 0.4}}, {}, "budget"),
        ({"influence_nats": {"per_consumer_day": 0.4}}, {}, "budget"),
        ({}, {"max_price_micro_usd": 9}, "user"),
        ({}, {}, None),
    ],
)
def test_whoever_bound_the_influence_is_named_and_the_cap_holds(scene, policy, wishes, owner):
    scene.offer("python-guide", as_slug="guide", **policy)
    found = voter(scene, abc={"only": ["guide"], **wishes})
    assert found["limited_by"] == owner
    if "gamma" not in wishes and "max_gamma" not in policy and owner is not None:
        assert found["attribution_nats"]["symmetric"] <= 0.4 + 0.06
        assert found["gamma_effective"] < found["gamma_requested"]


def test_copies_that_share_a_cap_are_limited_by_their_coalition(scene):
    for slug in ("guide", "guide-copy"):
        scene.offer("python-guide", as_slug=slug)
    wish = {"only": ["guide", "guide-copy"], "max_influence_nats": 0.4}
    voters = scene.ask(abc=wish).json()["abc"]["sources"]
    assert [one["limited_by"] for one in voters] == ["coalition", "coalition"]


def test_a_price_limit_is_never_passed(scene):
    for limit in (0, 1, 7, 60):
        assert scene.ask(abc={"max_price_micro_usd": limit}).json()["abc"]["charge_micro_usd"] <= limit


def test_a_floor_price_is_paid_once_the_source_voted(scene):
    scene.offer("python-guide", as_slug="dear", floor_price_micro_usd=5000)
    abc = scene.ask(abc={"only": ["dear"]}).json()["abc"]
    assert abc["sources"][0]["charge_micro_usd"] == 5000


def test_a_floor_of_influence_says_whether_it_was_reached(scene):
    scene.offer("python-guide", as_slug="low", regime="attribution", floor_nats=0.001)
    scene.offer("python-guide", as_slug="high", regime="attribution", floor_nats=100.0)
    low = voter(scene, abc={"only": ["low"]})["floor"]
    high = voter(scene, abc={"only": ["high"]})["floor"]
    assert (low["met"], high["met"]) == (True, False)
    assert low["reached"] >= low["required"]


def test_a_budget_that_ends_in_mid_answer_puts_the_source_out_and_the_answer_goes_on(
    scene, settings, monkeypatch
):
    """Another answer takes the rest of the budget after this one's first block."""
    settings.HOLD_BLOCK_TOKENS = 1
    settings.DEFAULT_NATS_PER_TOKEN = 2
    source = scene.offer("python-guide", as_slug="guide", influence_nats={"lifetime": 1000})
    ordinary, calls = holds.top_up, []

    def drained(**named):
        calls.append(named["label"])
        if len(calls) == 2:
            spent = budgets.state(source.budget_account_id)
            budgets.set_limit(
                account_id=source.budget_account_id,
                limit_nano_nats=spent.spent + spent.held,
                operation_id=uuid4(),
                now=timezone.now(),
            )
        return ordinary(**named)

    monkeypatch.setattr("inference.holding.holds.top_up", drained)
    body = scene.ask(max_tokens=12, abc={"only": ["guide"]}).json()
    assert body["usage"]["completion_tokens"] == 12
    (found,) = body["abc"]["sources"]
    assert found["limited_by"] == "budget"
    assert found["gamma_effective"] < 1
    events = scene.events(Answer.objects.get())
    budget = [place for place, event in enumerate(events) if event["type"] == "budget"]
    assert len(budget) == 1
    assert events[budget[0]]["source"] == "guide"
    assert any(event["type"] == "token" for event in events[budget[0] :])


def test_a_seat_that_another_answer_took_the_budget_of_is_composed_out(scene, monkeypatch):
    """Between plan and hold somebody else was faster: the answer goes on without the source."""
    source = scene.offer("python-guide", as_slug="guide", influence_nats={"lifetime": 50})
    ordinary = holds.place

    def late(**named):
        budgets.set_limit(
            account_id=source.budget_account_id,
            limit_nano_nats=0,
            operation_id=uuid4(),
            now=timezone.now(),
        )
        return ordinary(**named)

    monkeypatch.setattr("inference.holding.holds.place", late)
    abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    assert abc["sources"] == []
    assert ("guide", "budget") in [(one["source"], one["rule"]) for one in abc["excluded"]]


def test_a_consumers_day_budget_is_its_own(scene):
    scene.fill_wallet(scene.cast.outsider)
    scene.offer("python-guide", as_slug="guide", influence_nats={"per_consumer_day": 0.3})
    wish = {"only": ["guide"], "purpose": "research"}
    for _ in range(4):
        mine = scene.ask(abc=wish).json()["abc"]
    theirs = scene.ask(scene.cast.outsider, abc=wish).json()["abc"]
    assert mine["sources"] == []
    assert [one["source"] for one in theirs["sources"]] == ["guide"]


def test_a_caller_who_leaves_pays_for_what_was_delivered_and_nats_of_the_drawn_token_stay_spent(
    scene, monkeypatch
):
    channel = scene.bench.channel
    ordinary = channel.publish

    def leaving(answer_id, event):
        number = ordinary(answer_id, event)
        if number == 4:
            channel.cancel(answer_id)
        return number

    monkeypatch.setattr(channel, "publish", leaving)
    scene.ask(max_tokens=40)
    answer = Answer.objects.get()
    assert answer.state == "cancelled"
    receipt = scene.receipt(answer.receipt_id)
    tokens, line = receipt.body["tokens"], receipt.lines.get()
    assert tokens["drawn"] == tokens["delivered"] + 1 < 40
    assert line.drawn_nano_nats > line.nano_nats > 0


def test_an_answer_is_never_run_twice(scene, caplog):
    from inference import engine

    scene.ask()
    before = scene.money_left()
    engine.answer(answer_id=Answer.objects.get().pk)
    assert "not run again" in caplog.text
    assert scene.money_left() == before


def test_an_answer_that_takes_too_long_is_ended_and_settled(scene, settings):
    settings.ANSWER_SECONDS = 0
    body = scene.ask(max_tokens=50).json()
    assert body["usage"]["completion_tokens"] == 1
    assert body["choices"][0]["finish_reason"] == "length"
