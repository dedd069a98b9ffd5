"""What each write of the market leaves in the audit log: who, what, before and after."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounting import audit
from accounting.models import AuditEvent
from inference.models import Answer, SealedTranscript
from inference.upkeep import delete_expired_transcripts
from marketplace import access, job_lease, organisations, registration, standing, training_jobs
from marketplace.models import ApiKey, Role, User
from tests.builders import draft_source, live_source, publish, upload
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def newest(action: str) -> AuditEvent:
    return AuditEvent.objects.filter(action=action).order_by("-pk")[0]


def said(action: str) -> tuple[str, Any, Any]:
    event = newest(action)
    return event.actor, event.before, event.after


def test_an_event_says_what_was_before_or_what_is_after() -> None:
    with pytest.raises(ValueError, match="say what was before"):
        audit.record(acting_user="ada", action="test", subject="nothing", now=timezone.now())


def test_a_source_is_described_from_old_to_new_words(cast: Cast) -> None:
    source = draft_source(cast.owner)
    registration.describe_source(
        source=source, title="Old almanac", acting_user=cast.owner.user, now=timezone.now()
    )
    assert said("source.described") == ("owner", {"title": "Almanac"}, {"title": "Old almanac"})


def test_documents_make_the_next_version(cast: Cast) -> None:
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    assert said("documents.added") == (
        "owner",
        None,
        {
            "version": 1,
            "names": ["a.txt"],
            "rights_to_confirm": 0,
        },
    )
    upload(cast.owner, source, text="Bats are mammals too.", name="b.txt")
    assert said("documents.added") == (
        "owner",
        {"version": 1},
        {
            "version": 2,
            "names": ["b.txt"],
            "rights_to_confirm": 0,
        },
    )


def test_a_policy_stands_in_full_before_and_after(cast: Cast) -> None:
    source = publish(cast.owner, draft_source(cast.owner), price_micro_usd_per_nat=5)
    publish(cast.owner, source, price_micro_usd_per_nat=6)
    _, before, after = said("policy.published")
    assert (before["price_micro_usd_per_nat"], after["price_micro_usd_per_nat"]) == (5, 6)


def test_a_key_is_issued_and_revoked_without_its_secret(cast: Cast) -> None:
    key = ApiKey.objects.get(organisation=cast.buyer.organisation)
    access.revoke_key(key=key, acting_user=cast.buyer.user, now=timezone.now())
    assert said("api_key.revoked") == ("buyer", {"revoked": False}, {"revoked": True})
    issued = str(newest("api_key.issued").after)
    assert key.digest not in issued
    assert cast.buyer.key not in issued


def test_a_role_is_given_and_changed(cast: Cast) -> None:
    for role in (Role.VIEWER, Role.EDITOR):
        organisations.add_member(
            organisation=cast.owner.organisation, user=cast.outsider.user, role=role,
            acting_user=cast.owner.user, now=timezone.now(),
        )  # fmt: skip
    assert said("membership.set") == ("owner", {"role": "viewer"}, {"role": "editor"})


def test_a_source_is_suspended_and_withdrawn(cast: Cast, named_core: None, work_is_noted: Any) -> None:
    source = live_source(cast.owner)
    standing.suspend(source=source, reason="moving", acting_user=cast.owner.user, now=timezone.now())
    assert said("source.suspended")[1:] == ({"state": "live"}, {"state": "suspended", "reason": "moving"})
    standing.withdraw(source=source, acting_user=cast.owner.user, now=timezone.now())
    assert said("source.withdrawn")[1] == {"state": "suspended"}


def test_a_training_is_asked_for_done_and_its_partition_named(
    cast: Cast, named_core: None, work_is_noted: Any
) -> None:
    live_source(cast.owner)
    actor, before, after = said("training.done")
    assert (actor, before) == ("trainer", {"votes": None})
    assert after["votes_now"] is True
    assert len(after["trained"]) == 64
    assert newest("training.started").actor == "owner"


@pytest.mark.parametrize("how", ["fail", "cancel"])
def test_a_training_that_ends_otherwise_is_on_record(
    cast: Cast, named_core: None, work_is_noted: Any, how: str
) -> None:
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    job = training_jobs.start_training(source=source, acting_user=cast.owner.user, now=timezone.now())
    if how == "cancel":
        training_jobs.cancel_job(job=job, acting_user=cast.owner.user, now=timezone.now())
        assert said("training.cancelled")[1:] == (
            {"job": job.pk, "state": "queued"}, {"job": job.pk, "state": "cancelled"},
        )  # fmt: skip
        return
    lease = job_lease.claim(job_id=job.pk, now=timezone.now())
    assert lease is not None
    job_lease.fail(lease=lease, error="no text", now=timezone.now())
    assert said("training.failed")[2] == {"job": job.pk, "state": "failed", "error": "no text"}


def test_the_consoles_top_up_names_the_operator_and_the_amount(cast: Cast) -> None:
    page = reverse("admin:marketplace_organisation_top_up", args=[cast.buyer.organisation.pk])
    cast.operator.browser.post(page, {"_form_submitted": "True", "amount_usd": "12.50"})
    actor, before, after = said("top_up.paid")
    assert (actor, before["state"], after["state"]) == ("operator", "requested", "paid")
    assert after["amount_micro_usd"] == 12_500_000


def test_the_console_records_what_a_person_may_do_before_and_after(cast: Cast) -> None:
    person = User.objects.get(username="outsider")
    page = reverse("admin:marketplace_user_change", args=[person.pk])
    form = {"username": "outsider", "is_active": "on", "is_staff": "on", "email": "o@example.org",
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}  # fmt: skip
    assert cast.operator.browser.post(page, form).status_code == 302
    actor, before, after = said("user.changed")
    assert (actor, before["is_staff"], after["is_staff"]) == ("operator", False, True)
    assert "example.org" not in str(after), "an address is personal"
    assert any("mail" in name.lower() for name in after["changed"])


def test_the_console_records_a_new_password_but_not_the_password(cast: Cast) -> None:
    person = User.objects.get(username="outsider")
    page = reverse("admin:auth_user_password_change", args=[person.pk])
    words = "another long pass phrase"
    assert cast.operator.browser.post(page, {"password1": words, "password2": words}).status_code == 302
    event = newest("user.changed")
    assert event.subject == "user:outsider"
    assert words not in str(event.after)


def test_deleting_expired_transcripts_says_how_many_and_nothing_when_there_are_none(cast: Cast) -> None:
    now = timezone.now()
    assert delete_expired_transcripts(now=now) == 0
    assert not AuditEvent.objects.filter(action="transcripts.deleted").exists()
    answer = Answer.objects.create(
        organisation=cast.buyer.organisation,
        kind="chat",
        sealed_request=b"x",
        request_digest="d",
        created_at=now,
    )  # fmt: skip
    SealedTranscript.objects.create(
        answer=answer, ciphertext=b"x", digest="d", expires_at=now - timedelta(days=1)
    )
    assert delete_expired_transcripts(now=now) == 1
    assert said("transcripts.deleted") == ("upkeep", {"expired": 1}, {"expired": 0})
