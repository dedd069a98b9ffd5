"""Who may switch a consumer or a key off and on, with which reason, and what the audit log keeps of it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting.errors import Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import suspending
from marketplace.models import ApiKey, Organisation
from tests.cast import Actor, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.books]


def suspend(cast: Cast, what: str, actor: Any, reason: str = "Complaint 7") -> Any:
    buyer = cast.buyer.organisation
    if what == "consumer":
        return suspending.suspend_consumer(
            organisation=buyer, reason=reason, acting_user=actor.user, now=timezone.now()
        )
    key = ApiKey.objects.get(organisation=buyer)
    return suspending.suspend_key(key=key, reason=reason, acting_user=actor.user, now=timezone.now())


def resume(what: str, row: Any, actor: Any) -> Any:
    if what == "consumer":
        return suspending.resume_consumer(organisation=row, acting_user=actor.user, now=timezone.now())
    return suspending.resume_key(key=row, acting_user=actor.user, now=timezone.now())


@pytest.mark.parametrize("what", ["consumer", "key"])
@pytest.mark.parametrize("who", ["owner", "buyer", "outsider"])
def test_only_an_operator_suspends_and_resumes(cast: Cast, what: str, who: str) -> None:
    actor: Actor = getattr(cast, who)
    with pytest.raises(PermissionDenied):
        suspend(cast, what, actor)
    row = suspend(cast, what, cast.operator)
    with pytest.raises(PermissionDenied):
        resume(what, row, actor)
    row.refresh_from_db()
    assert row.is_suspended


@pytest.mark.parametrize("what", ["consumer", "key"])
@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_reason_is_needed(cast: Cast, what: str, reason: str) -> None:
    with pytest.raises(Invalid, match="A reason has"):
        suspend(cast, what, cast.operator, reason)


@pytest.mark.parametrize(
    ("what", "kind", "subject"),
    [("consumer", "organisation", "organisation:buyer"), ("key", "api_key", "api_key:")],
)
def test_both_ways_are_on_record_and_twice_is_once(cast: Cast, what: str, kind: str, subject: str) -> None:
    row = suspend(cast, what, cast.operator)
    since = row.suspended_at
    assert suspend(cast, what, cast.operator, "Another reason").suspended_at == since
    resume(what, row, cast.operator)
    resume(what, row, cast.operator)
    events = AuditEvent.objects.filter(action__startswith=kind, action__endswith="ed").order_by("pk")
    kept = [one for one in events if one.action in {f"{kind}.suspended", f"{kind}.resumed"}]
    assert [(one.action, (one.after or {})["reason"]) for one in kept] == [
        (f"{kind}.suspended", "Complaint 7"),
        (f"{kind}.suspended", "Another reason"),
        (f"{kind}.resumed", ""),
    ]
    assert all(one.subject.startswith(subject) and one.organisation_slug == "buyer" for one in kept)


def test_the_database_knows_no_suspension_without_a_reason(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(slug="buyer").update(suspended_at=timezone.now())


def test_the_consumer_reads_the_reason_in_the_portal(cast: Cast) -> None:
    assert "is suspended" not in cast.buyer.browser.get("/").content.decode()
    suspend(cast, "consumer", cast.operator)
    suspend(cast, "key", cast.operator, "It leaked.")
    for address in ("/", "/account", "/keys"):
        page = cast.buyer.browser.get(address).content.decode()
        assert "Buyer is suspended" in page, address
        assert "Complaint 7" in page, address
    assert "It leaked." in cast.buyer.browser.get("/keys").content.decode()
    assert "Complaint 7" not in cast.outsider.browser.get("/").content.decode()
