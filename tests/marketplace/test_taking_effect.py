"""A policy that was announced: it holds from its moment on, for whoever asks, exactly once."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting import budgets
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import AuditEvent
from marketplace import pausing, policy_versions, publishing, reviews, standing, taking_effect
from marketplace.admission import admit
from marketplace.models import PolicyCancellation, PolicyVersion, ReviewItem, Source
from tests.at_once import at_once
from tests.booking import NAT
from tests.builders import draft_source, live_source, policy, upload

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db,
    pytest.mark.usefixtures("named_core", "work_is_noted"),
]
IN_AN_HOUR = timedelta(hours=1)


def announce(cast, source, at, **changes):
    return publishing.publish_policy(
        source=source,
        plain=policy(**changes),
        acting_user=cast.owner.user,
        now=timezone.now(),
        effective_at=at,
    )


def limit(source):
    return budgets.state(source.budget_account_id).limit


def number(source):
    source.refresh_from_db()
    return source.policy.number


def verdict(cast, source, now):
    """As a query asks: what is due takes effect first."""
    taking_effect.take_effect_due(now=now)
    found = admit(
        consumer=cast.buyer.organisation, purpose="research", mode="open", now=now, only=[source.slug]
    )
    return [one.limits.price_micro_usd_per_nat for one in found.admitted] or found.denied[0].rule


def test_an_announced_policy_changes_nothing_before_its_moment_and_everything_from_it_on(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at, price_micro_usd_per_nat=30, influence_nats={"lifetime": 500})
    assert verdict(cast, source, at - timedelta(microseconds=1)) == [20]
    assert limit(source) == 1_000_000 * NAT
    assert verdict(cast, source, at) == [30]
    assert limit(source) == 500 * NAT
    assert (number(source), source.next_policy) == (2, None)


def test_it_takes_effect_once_however_often_it_is_looked_for(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at, price_micro_usd_per_nat=30)
    assert [taking_effect.take_effect_due(now=at) for _ in range(3)] == [1, 0, 0]
    row = AuditEvent.objects.get(action="policy.took_effect")
    assert (row.before, row.after) == ({"version": 1}, {"version": 2, "announced": 2})


def test_a_draft_whose_first_policy_is_announced_is_no_business_of_others_until_then(cast):
    source, at = draft_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at)
    source.refresh_from_db()
    assert (source.state, source.policy) == ("draft", None)
    taking_effect.take_effect_due(now=at)
    assert (number(source), source.state) == (1, "live")


def test_what_waits_is_called_off_by_its_owner_before_its_moment_only(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    waiting = announce(cast, source, at, price_micro_usd_per_nat=30)
    call_off = {"source": source, "number": waiting.number, "acting_user": cast.owner.user}
    publishing.cancel_policy(**call_off, now=timezone.now(), reason="A typing error.")
    assert verdict(cast, source, at) == [20]
    assert PolicyCancellation.objects.get().reason == "A typing error."
    again = announce(cast, source, at, price_micro_usd_per_nat=40)
    assert again.number == 3
    assert again.diff.changes[0].before == 20
    with pytest.raises(Conflict, match="does not wait"):
        publishing.cancel_policy(**{**call_off, "number": 3}, now=at)
    assert verdict(cast, source, at) == [40]


def test_nothing_else_is_published_while_one_waits_and_the_same_again_is_the_same(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    waiting = announce(cast, source, at, price_micro_usd_per_nat=30)
    assert announce(cast, source, at, price_micro_usd_per_nat=30) == waiting
    with pytest.raises(Conflict, match="Version 2 waits"):
        announce(cast, source, None, price_micro_usd_per_nat=40)


def test_publishing_after_the_moment_stands_on_what_has_taken_effect(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at, price_micro_usd_per_nat=30)
    third = publishing.publish_policy(
        source=source, plain=policy(price_micro_usd_per_nat=40), acting_user=cast.owner.user, now=at
    )
    assert (third.number, getattr(third.replaces, "number", None)) == (3, 2)


@pytest.mark.parametrize("before", [timedelta(0), timedelta(days=1)])
def test_a_policy_never_takes_effect_in_the_past(cast, before):
    source = live_source(cast.owner)
    with pytest.raises(Invalid, match="never in the past"):
        announce(cast, source, timezone.now() - before, price_micro_usd_per_nat=30)


def test_leaving_the_privacy_regime_cannot_be_announced(cast):
    privacy = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
    source = live_source(cast.owner, regime="privacy", privacy=privacy)
    upload(cast.owner, source, text="New data.", name="new.txt")
    with pytest.raises(Conflict, match="cannot be announced"):
        announce(cast, source, timezone.now() + IN_AN_HOUR)


def test_a_suspended_source_stays_suspended_when_its_next_policy_takes_effect(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at, price_micro_usd_per_nat=30)
    standing.suspend(source=source, acting_user=cast.owner.user, now=timezone.now())
    assert verdict(cast, source, at) == "suspended"
    assert number(source) == 2


def test_a_pause_after_the_moment_knows_the_budgets_of_the_new_policy(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at, influence_nats={"per_consumer_day": 5})
    pausing.pause(source=source, budget="day-calendar-each", acting_user=cast.owner.user, now=at)
    assert number(source) == 2


@pytest.fixture
def announced_in_review(cast, settings):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    settings.PUBLISHING_REVIEW = "every"
    announce(cast, source, at, price_micro_usd_per_nat=30)
    return source, at


def state(source, at):
    return policy_versions.state_of(policy_versions.one_of(source=source, number=2), at)


def test_what_is_announced_and_approved_in_time_takes_effect_at_its_moment(cast, announced_in_review):
    source, at = announced_in_review
    assert state(source, at) == "in_review"
    reviews.approve(item=ReviewItem.objects.get(), acting_user=cast.operator.user, now=timezone.now())
    assert state(source, timezone.now()) == "waiting"
    assert verdict(cast, source, at - timedelta(seconds=1)) == [20]
    assert verdict(cast, source, at) == [30]


def test_what_is_announced_and_not_approved_in_time_votes_under_nothing_until_it_is(
    cast, announced_in_review
):
    source, at = announced_in_review
    with pytest.raises(NotFound):
        verdict(cast, source, at)
    reviews.approve(item=ReviewItem.objects.get(), acting_user=cast.operator.user, now=at)
    assert verdict(cast, source, at) == [30]


def test_what_a_reviewer_turns_down_before_its_moment_leaves_the_policy_in_force(cast, announced_in_review):
    source, at = announced_in_review
    item = ReviewItem.objects.get()
    reviews.reject(item=item, reason="Unclear.", acting_user=cast.operator.user, now=timezone.now())
    assert verdict(cast, source, at) == [20]
    assert state(source, at) == "not_approved"


def test_what_is_called_off_is_not_asked_of_the_reviewer_any_more(cast, announced_in_review):
    source, at = announced_in_review
    publishing.cancel_policy(source=source, number=2, acting_user=cast.owner.user, now=timezone.now())
    assert ReviewItem.objects.get().state == "replaced"
    assert (verdict(cast, source, at), state(source, at)) == ([20], "called_off")


def test_published_versions_are_neither_changed_nor_deleted(cast):
    source = live_source(cast.owner)
    waiting = announce(cast, source, timezone.now() + IN_AN_HOUR, price_micro_usd_per_nat=30)
    publishing.cancel_policy(
        source=source, number=waiting.number, acting_user=cast.owner.user, now=timezone.now()
    )
    for attempt in (
        lambda: PolicyVersion.objects.update(effective_at=timezone.now()),
        lambda: PolicyCancellation.objects.update(reason="x"),
        lambda: PolicyCancellation.objects.all()._raw_delete("default"),
        lambda: PolicyVersion.objects.filter(pk=waiting.pk)._raw_delete("default"),
    ):
        with pytest.raises(IntegrityError, match=r"written once|never deleted"), transaction.atomic():
            attempt()


@pytest.mark.parametrize("change", [{"next_policy_at": None}, {"next_policy": None}])
def test_a_next_policy_without_its_moment_is_refused_by_the_database(cast, change):
    announce(cast, live_source(cast.owner), timezone.now() + IN_AN_HOUR, price_micro_usd_per_nat=30)
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.update(**change)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_its_moment_one_puts_it_in_force(cast):
    source, at = live_source(cast.owner), timezone.now() + IN_AN_HOUR
    announce(cast, source, at, price_micro_usd_per_nat=30)
    got = at_once(lambda _: taking_effect.take_effect_due(now=at))
    assert sorted(map(str, got)) == ["0", "0", "0", "1"]
    assert AuditEvent.objects.filter(action="policy.took_effect").count() == 1
