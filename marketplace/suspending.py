"""Operators switch a consumer or a key off for a while, and on again: with a reason, and at the next token.

A suspended organisation is answered nothing: no question of it is admitted, and an answer under way ends at
its next token. Its own sources go on voting; they are suspended one by one (`standing`). A suspended key is
refused everywhere. Both see the reason.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from accounting import audit
from accounting.errors import PermissionDenied
from accounting.writes import durable_write
from marketplace.models import ApiKey, Organisation, User
from marketplace.reviews import checked_reason
from marketplace.roles import require_operator

Row = TypeVar("Row", Organisation, ApiKey)
Said = dict[str, bool | str]
ASK = "Ask the operator of this market to resume it."


@dataclass(frozen=True, slots=True)
class Stop:
    """Why nothing more is answered; `rule` is stable."""

    rule: str
    reason: str

    @property
    def refusal(self) -> PermissionDenied:
        return PermissionDenied(self.reason, code=self.rule, next_step=ASK)


@durable_write
def suspend_consumer(
    *, organisation: Organisation, reason: str, acting_user: User, now: datetime
) -> Organisation:
    """It is answered nothing from the next token on; what it has and earns stays its own."""
    require_operator(acting_user)
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    return _suspended(locked, reason, acting_user, now)


@durable_write
def resume_consumer(*, organisation: Organisation, acting_user: User, now: datetime) -> Organisation:
    """It may ask again; resuming what is not suspended changes nothing."""
    require_operator(acting_user)
    return _resumed(Organisation.objects.select_for_update().get(pk=organisation.pk), acting_user, now)


@durable_write
def suspend_key(*, key: ApiKey, reason: str, acting_user: User, now: datetime) -> ApiKey:
    """It is refused from the next call on, and an answer that it asked for ends at its next token."""
    require_operator(acting_user)
    return _suspended(_locked_key(key), reason, acting_user, now)


@durable_write
def resume_key(*, key: ApiKey, acting_user: User, now: datetime) -> ApiKey:
    """It is taken again; resuming what is not suspended changes nothing."""
    require_operator(acting_user)
    return _resumed(_locked_key(key), acting_user, now)


def stop_of(*, organisation_id: int, key_id: int | None) -> Stop | None:
    """Whether an answer of them has to end, read anew: one query, asked at every token."""
    if key_id is not None:
        key = ApiKey.objects.select_related("organisation").get(pk=key_id)
        return _of_organisation(key.organisation) or of_key(key)
    return _of_organisation(Organisation.objects.get(pk=organisation_id))


def of_key(key: ApiKey) -> Stop | None:
    if key.revoked_at is not None:
        return Stop("key_revoked", "The API key was revoked.")
    if key.is_suspended:
        return Stop("key_suspended", f"The API key is suspended: {key.suspended_reason}")
    return None


def _of_organisation(organisation: Organisation) -> Stop | None:
    if not organisation.is_suspended:
        return None
    return Stop("consumer_suspended", f"{organisation.name} is suspended: {organisation.suspended_reason}")


def _locked_key(key: ApiKey) -> ApiKey:
    return ApiKey.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=key.pk)


def _suspended(row: Row, reason: str, acting_user: User, now: datetime) -> Row:
    reason, before = checked_reason(reason), _said(row)
    row.suspended_at = row.suspended_at or now
    row.suspended_reason, row.suspended_by = reason, acting_user
    return _saved(row, "suspended", before, acting_user, now)


def _resumed(row: Row, acting_user: User, now: datetime) -> Row:
    before = _said(row)
    if not row.is_suspended:
        return row
    row.suspended_at, row.suspended_reason, row.suspended_by = None, "", None
    return _saved(row, "resumed", before, acting_user, now)


def _saved(row: Row, what: str, before: Said, acting_user: User, now: datetime) -> Row:
    row.save(update_fields=["suspended_at", "suspended_reason", "suspended_by"])
    if isinstance(row, ApiKey):
        kind, name, organisation = "api_key", row.prefix, row.organisation
    else:
        kind, name, organisation = "organisation", row.slug, row
    audit.record(
        acting_user=acting_user.username, action=f"{kind}.{what}", subject=f"{kind}:{name}", before=before,
        after=_said(row), organisation_slug=organisation.slug, now=now,
    )  # fmt: skip
    return row


def _said(row: Organisation | ApiKey) -> Said:
    return {"suspended": row.is_suspended, "reason": row.suspended_reason}
