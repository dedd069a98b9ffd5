"""Window budgets on the way of an answer: opened when needed, refused by class, apart from the lifetime."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounting import budgets, settlement
from marketplace import pausing, window_budgets
from marketplace.admission import admit
from marketplace.models import WindowBudget
from tests.booking import NAT, answer, hold, top_up
from tests.builders import live_source, publish

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

NOON = datetime(2027, 3, 10, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def window(per="hour", kind="calendar", consumers="all", nats=10):
    return {"per": per, "kind": kind, "consumers": consumers, "nats": nats}


def offer(cast, *windows, **limits):
    for buyer in (cast.buyer, cast.outsider):
        top_up(buyer, 1_000_000)
    return live_source(cast.owner, influence_nats={**limits, "windows": list(windows)})


def ask(actor, now=NOON, named=()):
    return admit(consumer=actor.organisation, purpose="research", mode="open", now=now, gamma=named)


def left(actor, now=NOON):
    (one,) = ask(actor, now).admitted
    return one.left_nano_nats // NAT


def refusal(actor, now=NOON):
    (one,) = ask(actor, now, named=["almanac"]).denied
    return one.rule, one.reason


def test_a_calendar_window_begins_empty_with_each_period_and_the_lifetime_does_not(cast):
    source = offer(cast, window(nats=10), lifetime=25)
    answer(cast.buyer, "almanac", 10, now=NOON)
    assert refusal(cast.buyer) == (
        "budget",
        "Its budget for all organisations in an hour (UTC) is spent.",
    )
    assert left(cast.buyer, NOON + HOUR) == 10
    answer(cast.buyer, "almanac", 10, now=NOON + HOUR)
    assert left(cast.buyer, NOON + 2 * HOUR) == 5
    assert budgets.state(source.budget_account_id).spent == 20 * NAT
    assert WindowBudget.objects.filter(source=source).count() == 2


def test_a_late_settlement_counts_in_the_period_of_its_hold(cast):
    offer(cast, window(nats=10))
    begun = hold(cast.buyer, "almanac", now=NOON, cap=8)
    usage = [settlement.Usage("almanac", drawn_nano_nats=8 * NAT, charged_nano_nats=8 * NAT)]
    settlement.settle(
        hold_id=begun, usage=usage, tokens_drawn=9, tokens_delivered=9, receipt=lambda _: {}, now=NOON + HOUR
    )
    assert left(cast.buyer, NOON) == 2
    assert left(cast.buyer, NOON + HOUR) == 10


def test_one_consumers_window_leaves_the_others_alone_and_one_of_all_does_not(cast):
    offer(cast, window(consumers="each", nats=6), window("day", nats=10))
    answer(cast.buyer, "almanac", 6, now=NOON, cap=6)
    assert refusal(cast.buyer)[1] == "Its budget for your organisation in an hour (UTC) is spent."
    assert left(cast.outsider) == 4
    answer(cast.outsider, "almanac", 4, now=NOON, cap=4)
    assert refusal(cast.outsider)[1] == "Its budget for all organisations in a day (UTC) is spent."


def test_what_is_held_counts_as_much_as_what_is_spent(cast):
    offer(cast, window(nats=10))
    hold(cast.buyer, "almanac", now=NOON, cap=7)
    assert left(cast.outsider) == 3


def test_a_limit_of_zero_refuses_and_no_limit_does_not(cast):
    source = offer(cast, window(nats=0))
    assert refusal(cast.buyer)[0] == "budget"
    publish(cast.owner, source, influence_nats=None)
    (one,) = ask(cast.buyer).admitted
    assert one.left_nano_nats is None


def test_refusals_never_say_an_amount(cast):
    offer(cast, window(nats=10))
    answer(cast.buyer, "almanac", 10, now=NOON)
    assert not any(character.isdigit() for character in refusal(cast.buyer)[1])


def test_a_window_lowered_below_what_is_spent_is_exhausted_and_raised_again_it_gives_the_rest(cast):
    now = timezone.now()
    source = offer(cast, window("month", nats=10))
    answer(cast.buyer, "almanac", 8, now=now)
    publish(cast.owner, source, influence_nats={"windows": [window("month", nats=5)]})
    assert refusal(cast.buyer, now)[0] == "budget"
    publish(cast.owner, source, influence_nats={"windows": [window("month", nats=11)]})
    assert left(cast.buyer, now) == 3


def test_a_window_lowered_in_mid_answer_refuses_the_next_top_up_and_settles_what_was_drawn(cast):
    now = timezone.now()
    source = offer(cast, window("month", nats=10))
    begun = hold(cast.buyer, "almanac", now=now, cap=8)
    publish(cast.owner, source, influence_nats={"windows": [window("month", nats=1)]})
    row = WindowBudget.objects.get(source=source)
    assert budgets.state(row.account_id).left == 0
    usage = [settlement.Usage("almanac", drawn_nano_nats=6 * NAT, charged_nano_nats=6 * NAT)]
    settlement.settle(
        hold_id=begun, usage=usage, tokens_drawn=9, tokens_delivered=9, receipt=lambda _: {}, now=now
    )
    assert budgets.state(row.account_id).spent == 6 * NAT


def test_a_source_with_only_a_lifetime_costs_no_query_for_windows(cast, django_assert_num_queries):
    offer(cast, lifetime=100)
    with django_assert_num_queries(5):
        ask(cast.buyer)


def test_the_queries_of_admission_do_not_grow_with_sources_or_windows(cast, django_assert_num_queries):
    every = [
        window(per, kind, consumers)
        for per in ("hour", "day", "month")
        for kind in ("calendar", "rolling")
        for consumers in ("each", "all")
    ]
    for number in range(12):
        live_source(cast.owner, f"source-{number}", influence_nats={"windows": every})
    with django_assert_num_queries(6):
        assert len(ask(cast.buyer).admitted) == 12


def test_what_the_books_refuse_after_admission_is_named_by_its_class_or_its_pause(cast):
    now = timezone.now()
    source = offer(cast, window("month", nats=10), lifetime=100)
    admitted = ask(cast.buyer, now).admitted
    answer(cast.outsider, "almanac", 8, now=now, cap=8)
    asked = {"refused": admitted, "consumer": cast.buyer.organisation, "mode": "open", "now": now}
    (why,) = window_budgets.refusals(**asked).values()
    assert (why.rule, why.reason) == ("budget", "Its budget for all organisations in a month (UTC) is spent.")
    pausing.pause(source=source, budget="lifetime", acting_user=cast.owner.user, now=now)
    assert window_budgets.refusals(**asked)["almanac"].rule == "paused"
    assert window_budgets.refusals(**{**asked, "refused": []}) == {}
