"""Policies that wait for a reviewer: what votes before the decision, and after it."""

from typing import Any

import pytest
from django.utils import timezone

from accounting.errors import Conflict, DomainError, Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import admission, publishing, reviews, standing
from marketplace.models import PolicyVersion, ReviewItem, ReviewState, Source, SourceState
from tests.builders import draft_source, live_source, policy, publish, train, upload
from tests.cast import Actor, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.books]


@pytest.fixture(params=["first", "every"])
def reviewed(request: Any, settings: Any, named_core: None, work_is_noted: Any) -> str:
    settings.PUBLISHING_REVIEW = request.param
    return str(request.param)


@pytest.fixture
def every(settings: Any, named_core: None, work_is_noted: Any) -> None:
    settings.PUBLISHING_REVIEW = "every"


def admitted(consumer: Actor) -> list[str]:
    found = admission.admit(
        consumer=consumer.organisation, purpose="academic-research", mode="open", now=timezone.now()
    )
    return [one.source.slug for one in found.admitted]


def trained(owner: Actor) -> Source:
    """A draft whose partition is there: only a policy is missing."""
    source = draft_source(owner)
    upload(owner, source)
    train(owner, source)
    return source


def waiting(source: Source) -> ReviewItem:
    return ReviewItem.objects.get(source=source, state=ReviewState.WAITING)


def approve(cast: Cast, source: Source, reason: str = "") -> Source:
    reviews.approve(item=waiting(source), reason=reason, acting_user=cast.operator.user, now=timezone.now())
    source.refresh_from_db()
    return source


def test_without_the_setting_a_publication_takes_effect_at_once(
    cast: Cast, named_core: None, work_is_noted: Any
) -> None:
    publish(cast.owner, trained(cast.owner))
    assert admitted(cast.buyer) == ["almanac"]
    assert not ReviewItem.objects.exists()


def test_a_first_publication_votes_for_nobody_until_it_is_approved(cast: Cast, reviewed: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    assert (source.state, source.policy) == (SourceState.IN_REVIEW, None)
    for consumer in (cast.buyer, cast.owner):
        assert admitted(consumer) == []
    assert waiting(source).is_first
    approve(cast, source)
    assert (source.state, source.policy) == (SourceState.LIVE, PolicyVersion.objects.get(source=source))
    assert admitted(cast.buyer) == ["almanac"]


def test_its_limits_are_stated_to_its_accounts_when_it_takes_effect(cast: Cast, reviewed: str) -> None:
    from accounting import ledger

    source = publish(cast.owner, trained(cast.owner))
    assert ledger.balance(source.budget_account_id).available == 0
    approve(cast, source)
    assert ledger.balance(source.budget_account_id).available == 1_000_000 * 10**9


def test_a_later_policy_waits_only_where_every_one_does(cast: Cast, reviewed: str) -> None:
    source = approve(cast, publish(cast.owner, trained(cast.owner)))
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    if reviewed == "first":
        assert admitted(cast.buyer) == ["almanac"]
        return
    assert admitted(cast.buyer) == [], "neither the new policy nor the one that its owner took back"
    assert not waiting(source).is_first
    assert approve(cast, source).policy == PolicyVersion.objects.get(source=source, number=2)
    assert admitted(cast.buyer) == ["almanac"]


def test_a_policy_that_was_in_force_before_is_taken_again_without_a_review(cast: Cast, every: None) -> None:
    source = approve(cast, publish(cast.owner, trained(cast.owner)))
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    publish(cast.owner, source)
    assert admitted(cast.buyer) == ["almanac"]
    assert source.policy is not None
    assert source.policy.number == 3
    states = ReviewItem.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [ReviewState.APPROVED, ReviewState.REPLACED]


@pytest.mark.parametrize("decide", [reviews.request_changes, reviews.reject])
def test_a_refusal_leaves_a_draft_and_its_reason(cast: Cast, reviewed: str, decide: Any) -> None:
    source = publish(cast.owner, trained(cast.owner))
    decide(
        item=waiting(source), reason="Say whose letters.", acting_user=cast.operator.user, now=timezone.now()
    )
    source.refresh_from_db()
    assert (source.state, source.policy) == (SourceState.DRAFT, None)
    assert admitted(cast.buyer) == []
    newest = reviews.newest_of(source)
    assert newest is not None
    assert newest.reason == "Say whose letters."
    publish(cast.owner, source)  # the same policy again waits again, as a version of its own
    assert waiting(source).version.number == 2


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_refusal_needs_a_reason_that_can_be_read(cast: Cast, reviewed: str, reason: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    with pytest.raises(Invalid, match="A reason has"):
        reviews.reject(
            item=waiting(source), reason=reason, acting_user=cast.operator.user, now=timezone.now()
        )


@pytest.mark.parametrize("who", ["owner", "second_owner", "buyer", "outsider"])
@pytest.mark.parametrize("decide", [reviews.approve, reviews.request_changes, reviews.reject])
def test_nobody_but_staff_decides(cast: Cast, reviewed: str, who: str, decide: Any) -> None:
    source = publish(cast.owner, trained(cast.owner))
    with pytest.raises(PermissionDenied):
        decide(item=waiting(source), reason="mine", acting_user=getattr(cast, who).user, now=timezone.now())
    assert waiting(source)


def test_what_was_decided_is_decided(cast: Cast, reviewed: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    item = waiting(source)
    approve(cast, source)
    with pytest.raises(Conflict, match="decided already"):
        reviews.reject(item=item, reason="late", acting_user=cast.operator.user, now=timezone.now())


def test_publishing_again_replaces_what_waits_and_the_same_policy_is_the_same(
    cast: Cast, reviewed: str
) -> None:
    source = publish(cast.owner, trained(cast.owner))
    publish(cast.owner, source)
    assert PolicyVersion.objects.count() == 1
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    assert waiting(source).version.number == 2
    with pytest.raises(DomainError):
        reviews.approve(
            item=ReviewItem.objects.get(version__number=1), acting_user=cast.operator.user,
            now=timezone.now(),
        )  # fmt: skip
    assert admitted(cast.buyer) == []


def test_a_source_in_review_is_neither_suspended_nor_resumed_around_it(cast: Cast, reviewed: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    for change in (standing.suspend, standing.resume):
        with pytest.raises(Conflict):
            change(source=source, acting_user=cast.owner.user, now=timezone.now())


def test_a_suspended_source_whose_policy_waits_is_resumed_into_the_queue(cast: Cast, every: None) -> None:
    source = approve(cast, publish(cast.owner, trained(cast.owner)))
    standing.suspend(source=source, acting_user=cast.owner.user, now=timezone.now())
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    assert (
        standing.resume(source=source, acting_user=cast.owner.user, now=timezone.now()).state == "in_review"
    )
    assert admitted(cast.buyer) == []
    approve(cast, source)
    assert admitted(cast.buyer) == ["almanac"]


def test_approving_does_not_lift_a_suspension(cast: Cast, every: None) -> None:
    source = approve(cast, publish(cast.owner, trained(cast.owner)))
    standing.suspend(source=source, acting_user=cast.operator.user, now=timezone.now())
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    assert approve(cast, source).state == SourceState.SUSPENDED
    assert admitted(cast.buyer) == []


def test_a_withdrawn_source_leaves_the_queue(cast: Cast, reviewed: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    standing.withdraw(source=source, acting_user=cast.owner.user, now=timezone.now())
    assert ReviewItem.objects.get().state == ReviewState.REPLACED


def test_a_rejected_privacy_policy_binds_nothing(cast: Cast, every: None) -> None:
    """The promise of the privacy regime begins when it takes effect, not when somebody asks for it."""
    source = approve(cast, publish(cast.owner, trained(cast.owner)))
    private = {"regime": "privacy", "privacy": {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}}
    publish(cast.owner, source, **private)
    reviews.reject(item=waiting(source), reason="No.", acting_user=cast.operator.user, now=timezone.now())
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    assert waiting(source).version.first_version == 0


def test_a_source_of_before_the_setting_stays_as_it_was(
    cast: Cast, named_core: None, work_is_noted: Any, settings: Any
) -> None:
    live_source(cast.owner)
    settings.PUBLISHING_REVIEW = "first"
    publishing.publish_policy(
        source=Source.objects.get(), plain=policy(price_micro_usd_per_nat=3), acting_user=cast.owner.user,
        now=timezone.now(),
    )  # fmt: skip
    assert admitted(cast.buyer) == ["almanac"]


def test_the_decision_is_in_the_audit_log(cast: Cast, reviewed: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    approve(cast, source, reason="Rights are clear.")
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.action, event.subject) == ("operator", "review.approved", "source:almanac")
    assert event.before == {"policy": 1, "state": "waiting"}
    assert event.after == {"policy": 1, "state": "approved", "reason": "Rights are clear."}


def test_the_owner_reads_over_the_api_that_it_waits_and_what_was_decided(cast: Cast, reviewed: str) -> None:
    source = trained(cast.owner)
    reply = cast.owner.api.put("/v1/sources/almanac/policy", policy(), format="json")
    assert reply.json()["review"]["state"] == "waiting"
    assert cast.owner.api.get("/v1/sources/almanac/policy").json()["review"]["state"] == "waiting"
    assert cast.owner.api.get("/v1/sources/almanac").json()["state"] == "in_review"
    assert cast.buyer.api.get("/v1/sources/almanac").status_code == 404
    approve(cast, source)
    assert cast.owner.api.get("/v1/sources/almanac/policy").json()["review"]["state"] == "approved"


def test_the_owner_reads_the_reason_on_the_sources_page(cast: Cast, reviewed: str) -> None:
    source = publish(cast.owner, trained(cast.owner))
    page = cast.owner.browser.get("/sources/almanac").content.decode()
    assert "waits for a reviewer of this market" in page
    reviews.request_changes(
        item=waiting(source), reason="Say whose letters.", acting_user=cast.operator.user, now=timezone.now()
    )
    page = cast.owner.browser.get("/sources/almanac").content.decode()
    assert "Reason: Say whose letters." in page
    assert cast.second_owner.browser.get("/sources/almanac").status_code == 404
