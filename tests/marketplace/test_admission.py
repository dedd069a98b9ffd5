"""Who may vote, by which rule not, and in a number of queries that does not grow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounting.errors import Forbidden, Invalid, NotFound
from marketplace import agreements, listing, standing, window_budgets
from marketplace.admission import Admission, admit
from marketplace.models import Partition
from marketplace.visibility import visible_to
from tests.builders import draft_source, live_source, publish, train, upload

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}


def ask(cast, **changes) -> Admission:
    request = {"consumer": cast.buyer.organisation, "purpose": "research", "mode": "open"}
    return admit(**{**request, "now": timezone.now(), **changes})


def rules(cast, **changes) -> dict[str, str]:
    """Why each visible source may not vote: a ceiling on its gamma names it and asks for nothing."""
    visible = visible_to(changes.get("consumer", cast.buyer.organisation)).exclude(state="withdrawn")
    admission = ask(cast, gamma=[source.slug for source in visible], **changes)
    assert not admission.others
    return {one.slug: one.rule for one in admission.denied}


def slugs(admission: Admission) -> list[str]:
    return [one.source.slug for one in admission.admitted]


def test_a_live_source_with_policy_and_partition_is_admitted_with_its_limits(cast):
    source = live_source(cast.owner)
    (one,) = ask(cast).admitted
    assert one.source.pk == source.pk
    assert one.limits.per_answer_nano_nats == 200 * 10**9
    assert one.budget_account_ids == (source.budget_account_id,)
    assert one.left_nano_nats == 1_000_000 * 10**9
    assert one.version.number == 1
    assert one.policy_version.pk == source.policy_id


def test_a_purpose_below_an_allowed_one_is_allowed_and_another_is_not(cast):
    live_source(cast.owner)
    assert slugs(ask(cast, purpose="medical-research")) == ["almanac"]
    assert rules(cast, purpose="advertising") == {"almanac": "purpose"}


def test_an_unknown_purpose_is_invalid(cast):
    with pytest.raises(Invalid) as error:
        ask(cast, purpose="world-domination")
    assert error.value.code == "unknown_purpose"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"consumers": {"allow": []}}, "consumer"),
        ({"consumers": {"allow": ["*"], "deny": ["buyer"]}}, "consumer"),
        ({"purposes": {"allow": ["education"]}}, "purpose"),
        ({"purposes": None}, "purpose"),
        ({"valid_from": "2999-01-01T00:00:00Z"}, "time"),
        ({"valid_until": "2001-01-01T00:00:00Z"}, "time"),
        ({"regime": "privacy", "privacy": PRIVACY}, "regime"),
        ({"influence_nats": {"lifetime": 0}}, "budget"),
        ({"influence_nats": {"per_consumer_day": 0}}, "budget"),
    ],
)
def test_a_policy_denies_by_its_own_rule(cast, changes, rule):
    live_source(cast.owner, **changes)
    assert rules(cast) == {"almanac": rule}


def test_a_source_without_partition_is_denied_as_such(cast):
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    publish(cast.owner, source)
    assert rules(cast) == {"almanac": "no_partition"}


def test_a_draft_is_known_to_its_owner_only(cast):
    draft_source(cast.owner)
    assert rules(cast, consumer=cast.owner.organisation) == {"almanac": "no_policy"}
    assert ask(cast) == Admission((), (), {}, 0)


def test_a_partition_that_does_not_beat_the_core_has_no_vote(cast):
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    publish(cast.owner, source)
    train(cast.owner, source, votes=False)
    assert rules(cast) == {"almanac": "partition_quality"}


def test_a_partition_of_another_core_is_unavailable(cast):
    live_source(cast.owner)
    assert slugs(ask(cast, core_digest="c" * 64)) == ["almanac"]
    assert rules(cast, core_digest="d" * 64) == {"almanac": "partition_unavailable"}


def test_suspending_and_resuming_count_from_the_next_answer_on(cast):
    source = live_source(cast.owner)
    standing.suspend(source=source, acting_user=cast.owner.user, now=timezone.now())
    assert rules(cast) == {"almanac": "suspended"}
    standing.resume(source=source, acting_user=cast.owner.user, now=timezone.now())
    assert slugs(ask(cast)) == ["almanac"]


def test_a_withdrawn_source_is_not_found(cast):
    source = live_source(cast.owner)
    standing.withdraw(source=source, acting_user=cast.owner.user, now=timezone.now())
    with pytest.raises(NotFound):
        ask(cast, only=["almanac"])
    assert ask(cast) == Admission((), (), {}, 0)


def test_ignore_and_only_deny_what_the_request_does_not_want(cast):
    live_source(cast.owner)
    live_source(cast.second_owner, "ballads")
    assert rules(cast, ignore=["almanac"]) == {"almanac": "ignore"}
    assert rules(cast, only=["almanac"]) == {"ballads": "only"}
    assert set(rules(cast, only=[]).values()) == {"only"}


def test_what_the_request_names_is_told_with_its_reason_and_the_rest_is_counted_by_rule(cast):
    live_source(cast.owner)
    for slug in ("ballads", "cantos"):
        live_source(cast.second_owner, slug)
    live_source(cast.second_owner, "dirges", purposes={"allow": ["education"]})
    admission = ask(cast, ignore=["almanac"])
    assert [(one.slug, one.rule, one.reason) for one in admission.denied] == [
        ("almanac", "ignore", "The request asks to ignore it.")
    ]
    assert admission.others == {"purpose": 1}
    assert ask(cast, ignore=["almanac"], only=[]).others == {"only": 3}


@pytest.mark.parametrize("field", ["only", "ignore", "require", "gamma"])
def test_an_unknown_source_is_not_found_wherever_it_is_named(cast, field):
    with pytest.raises(NotFound) as error:
        ask(cast, **{field: ["nobody"]})
    assert error.value.extra["source"] == "nobody"


def test_the_draft_of_another_owner_is_not_found_just_like_an_unknown_source(cast):
    draft_source(cast.owner, "hidden")
    with pytest.raises(NotFound) as hidden:
        ask(cast, only=["hidden"])
    with pytest.raises(NotFound) as absent:
        ask(cast, only=["absent"])
    assert hidden.value.detail.replace("hidden", "absent") == absent.value.detail


def test_a_required_source_that_is_denied_is_forbidden_with_its_rule(cast):
    live_source(cast.owner, purposes={"allow": ["education"]})
    with pytest.raises(Forbidden) as error:
        ask(cast, require=["almanac"])
    assert error.value.extra == {"rule": "purpose", "source": "almanac"}


def test_private_answers_admit_exactly_the_named_sources_with_a_privacy_clause(cast):
    private = live_source(cast.owner, regime="privacy", privacy=PRIVACY)
    live_source(cast.second_owner, "ballads")
    admission = ask(cast, mode="private", only=["almanac", "ballads"])
    assert slugs(admission) == ["almanac"]
    assert [(one.slug, one.rule) for one in admission.denied] == [("ballads", "regime")]
    accounts = {private.budget_account_id, private.privacy_account_id}
    assert set(admission.admitted[0].budget_account_ids) == accounts
    assert admission.admitted[0].left_nano_nats == 1_500_000_000
    assert rules(cast, mode="private") == {"almanac": "only", "ballads": "only"}


def test_the_number_of_queries_does_not_grow_with_the_sources(cast, django_assert_num_queries):
    daily = {"per_answer": 200, "per_consumer_day": 1000}
    live_source(cast.owner, "source-0", influence_nats=daily)
    with django_assert_num_queries(6):
        assert len(ask(cast).admitted) == 1
    for number in range(1, 30):
        live_source(cast.owner, f"source-{number}", influence_nats=daily)
    with django_assert_num_queries(6):
        assert len(ask(cast).admitted) == 30


def test_a_day_budget_is_opened_once_and_follows_the_policy_in_force(cast):
    source = live_source(cast.owner, influence_nats={"per_consumer_day": 5})
    now = timezone.now()
    consumer = cast.buyer.organisation
    admitted = ask(cast, now=now).admitted
    assert admitted[0].left_nano_nats == 5 * 10**9
    (first,) = window_budgets.open_for(admitted=admitted, consumer=consumer, now=now)
    (again,) = window_budgets.open_for(admitted=ask(cast, now=now).admitted, consumer=consumer, now=now)
    assert len(first.budget_account_ids) == 2
    assert first.budget_account_ids == again.budget_account_ids
    publish(cast.owner, source, influence_nats={"per_consumer_day": 7})
    assert ask(cast, now=now).admitted[0].left_nano_nats == 7 * 10**9
    window_budgets.open_for(admitted=ask(cast, now=now).admitted, consumer=consumer, now=now)
    assert ask(cast, now=now).admitted[0].left_nano_nats == 7 * 10**9
    tomorrow = ask(cast, now=now + timedelta(days=1)).admitted
    (other,) = window_budgets.open_for(admitted=tomorrow, consumer=consumer, now=now + timedelta(days=1))
    assert other.budget_account_ids != first.budget_account_ids


def test_a_newer_version_is_not_spoken_for_until_it_is_trained(cast):
    source = live_source(cast.owner)
    upload(cast.owner, source, text="More about whales.", name="b.txt")
    assert ask(cast).admitted[0].version.number == 1
    train(cast.owner, source)
    assert ask(cast).admitted[0].version.number == 2
    assert Partition.objects.filter(source=source, state="active").count() == 1


def test_an_approved_consumer_may_use_a_source_that_asks_for_approval_for_its_purpose_only(cast):
    source = live_source(cast.owner, approval="required", purposes={"allow": ["*"]})
    assert rules(cast) == {"almanac": "approval"}
    approve(cast, source, purpose="research")
    assert slugs(ask(cast)) == slugs(ask(cast, purpose="medical-research")) == ["almanac"]
    assert rules(cast, purpose="advertising") == {"almanac": "approval"}
    assert ask(cast, purpose="advertising").others == {"approval": 1}
    assert ask(cast, consumer=cast.outsider.organisation).others == {"approval": 1}


@pytest.mark.parametrize(("visibility", "others"), [("listed_on_request", {"agreement": 1}), ("private", {})])
def test_a_source_that_is_not_public_votes_for_its_owner_and_for_whom_the_owner_approved(
    cast, visibility, others
):
    source = live_source(cast.owner)
    listing.set_visibility(
        source=source, visibility=visibility, acting_user=cast.owner.user, now=timezone.now()
    )
    assert slugs(ask(cast, consumer=cast.owner.organisation)) == ["almanac"]
    assert ask(cast) == Admission((), (), others, 0)
    approve(cast, source)
    assert slugs(ask(cast)) == slugs(ask(cast, only=["almanac"])) == ["almanac"]
    assert ask(cast, consumer=cast.outsider.organisation) == Admission((), (), others, 0)


def approve(cast, source, purpose="research"):
    agreements.grant(
        source=source, consumer=cast.buyer.organisation, purpose=purpose, acting_user=cast.owner.user,
        now=timezone.now(),
    )  # fmt: skip
