"""A paused budget composes its source out by a rule of its own, also in mid-answer, and loses nothing."""

import pytest
from django.utils import timezone

from accounting import budgets, holds, settlement
from accounting.errors import Conflict, Invalid, NotFound, PermissionDenied
from accounting.models import AuditEvent
from marketplace import pausing
from marketplace.admission import admit
from marketplace.models import Role, WindowBudget
from tests.booking import NAT, answer, hold, top_up
from tests.builders import draft_source, live_source, publish

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

DAY = "day-calendar-each"
LIMITS = {"per_consumer_day": 50, "lifetime": 100}


@pytest.fixture
def source(cast):
    for buyer in (cast.buyer, cast.outsider):
        top_up(buyer, 1_000_000)
    return live_source(cast.owner, influence_nats=LIMITS)


def pause(cast, source, budget="lifetime", **options):
    actor = options.pop("actor", cast.owner)
    return pausing.pause(source=source, budget=budget, acting_user=actor.user, now=timezone.now(), **options)


def resume(cast, source, budget="lifetime", **options):
    return pausing.resume(
        source=source, budget=budget, acting_user=cast.owner.user, now=timezone.now(), **options
    )


def ask(actor, mode="open", only=None):
    request = {"consumer": actor.organisation, "purpose": "research", "mode": mode, "now": timezone.now()}
    return admit(**request, only=only, gamma=["almanac"])


def rules(actor, **options):
    return {(one.rule, one.reason) for one in ask(actor, **options).denied}


def test_a_paused_lifetime_leaves_the_source_out_until_it_is_resumed(cast, source):
    answer(cast.buyer, "almanac", 4)
    pause(cast, source)
    assert rules(cast.buyer) == {("paused", "Its owner has paused its lifetime budget.")}
    resume(cast, source)
    (one,) = ask(cast.buyer).admitted
    assert one.left_nano_nats == 46 * NAT
    assert budgets.state(source.budget_account_id).left == 96 * NAT


def test_an_answer_under_way_loses_a_paused_source_at_its_next_top_up_and_settles(cast, source):
    begun = hold(cast.buyer, "almanac", cap=5)
    pause(cast, source)
    assert not holds.top_up(hold_id=begun, label="almanac", nano_nats=1, now=timezone.now())
    state = budgets.state(source.budget_account_id)
    assert (state.held, state.left) == (5 * NAT, 0)
    usage = [settlement.Usage("almanac", drawn_nano_nats=3 * NAT, charged_nano_nats=3 * NAT)]
    settlement.settle(
        hold_id=begun, usage=usage, tokens_drawn=9, tokens_delivered=9, receipt=lambda _: {},
        now=timezone.now(),
    )  # fmt: skip
    resume(cast, source)
    assert budgets.state(source.budget_account_id).left == 97 * NAT


def test_a_window_is_paused_for_everybody_or_for_one_consumer(cast, source):
    answer(cast.buyer, "almanac", 4)
    pause(cast, source, DAY, consumer="buyer")
    words = "Its owner has paused its budget for your organisation in a day (UTC)."
    assert rules(cast.buyer) == {("paused", words)}
    assert rules(cast.outsider) == set()
    resume(cast, source, DAY, consumer="buyer")
    pause(cast, source, DAY)
    assert rules(cast.buyer) == rules(cast.outsider) == {("paused", words)}
    resume(cast, source, DAY)
    assert ask(cast.buyer).admitted[0].left_nano_nats == 46 * NAT


def test_a_paused_window_holds_nothing_even_where_an_answer_was_admitted_before(cast, source):
    answer(cast.buyer, "almanac", 4)
    account_id = WindowBudget.objects.get(source=source).account_id
    pause(cast, source, DAY)
    assert budgets.state(account_id).left == 0
    resume(cast, source, DAY)
    assert budgets.state(account_id).left == 46 * NAT


def test_a_paused_privacy_budget_leaves_open_answers_alone(cast, source):
    publish(
        cast.owner, source, influence_nats=LIMITS, privacy={"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
    )
    pause(cast, source, "privacy")
    assert rules(cast.buyer) == set()
    private = rules(cast.buyer, mode="private", only=["almanac"])
    assert private == {("paused", "Its owner has paused its privacy budget.")}


def test_publishing_keeps_a_pause_and_its_limit_counts_when_it_is_resumed(cast, source):
    pause(cast, source)
    publish(cast.owner, source, influence_nats={**LIMITS, "lifetime": 300})
    assert {rule for rule, _ in rules(cast.buyer)} == {"paused"}
    assert budgets.state(source.budget_account_id).left == 0
    resume(cast, source)
    assert budgets.state(source.budget_account_id).left == 300 * NAT


def test_an_unlimited_budget_is_paused_and_unlimited_again(cast, source):
    publish(cast.owner, source, influence_nats=None)
    pause(cast, source)
    assert budgets.state(source.budget_account_id).left == 0
    resume(cast, source)
    assert budgets.state(source.budget_account_id).left is None


def test_a_pause_goes_with_the_limit_that_it_paused(cast, source):
    pause(cast, source, DAY)
    publish(cast.owner, source, influence_nats={"lifetime": 100})
    publish(cast.owner, source, influence_nats=LIMITS)
    assert rules(cast.buyer) == set()


def test_pausing_twice_is_pausing_once_and_each_change_is_audited(cast, source):
    pause(cast, source, reason="Rights are being cleared.")
    pause(cast, source)
    resume(cast, source)
    resume(cast, source)
    events = AuditEvent.objects.filter(action__startswith="budget.").order_by("pk")
    assert [one.action for one in events] == ["budget.paused", "budget.resumed"]
    paused, resumed = events
    assert (paused.after or {})["lifetime"]["reason"] == "Rights are being cleared."
    assert (resumed.before or {})["lifetime"]["by"] == "owner"


def test_what_cannot_be_paused_is_said(cast, source):
    for budget in ("answer", "hour-rolling-all", ""):
        with pytest.raises(Invalid):
            pause(cast, source, budget)
    with pytest.raises(Invalid):
        pause(cast, source, "lifetime", consumer="buyer")
    for consumer in ("buyer", "nobody-at-all"):  # neither has used it: they look the same
        with pytest.raises(NotFound):
            pause(cast, source, DAY, consumer=consumer)
    with pytest.raises(Conflict):
        pause(cast, draft_source(cast.owner, "draft"))


def test_only_its_owners_and_editors_and_the_operator_pause(cast, source):
    for actor in (cast.buyer, cast.second_owner, cast.owner.colleague(Role.FINANCE)):
        with pytest.raises(PermissionDenied):
            pause(cast, source, actor=actor)
    pause(cast, source, actor=cast.owner.colleague(Role.EDITOR))
    resume(cast, source)
    pause(cast, source, actor=cast.operator)
