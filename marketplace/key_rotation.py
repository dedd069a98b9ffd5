"""A new secret for a key that stays the same key: the secret before works on up to a stated moment.

Limits, caps, what was spent and the name stay. Both secrets are told apart by their number, in the audit log
too; revoking the key ends both. Only one secret overlaps: before the next rotation the older one must have
ended, or the rotation ends it (an overlap of nothing).
"""

from datetime import datetime, timedelta

from accounting import audit
from accounting.errors import Conflict, Invalid
from accounting.writes import durable_write
from marketplace.access import digest_of, new_secret
from marketplace.models import ApiKey, User
from marketplace.roles import MANAGERS, require_role

LONGEST_OVERLAP = timedelta(days=30)


@durable_write
def rotate(*, key: ApiKey, overlap: timedelta, acting_user: User, now: datetime) -> tuple[ApiKey, str]:
    """The key with its new plain text, which is shown once; the one before works on for `overlap`."""
    require_role(acting_user=acting_user, organisation=key.organisation, roles=MANAGERS)
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise Invalid(
            f"The secret before works on for at most {LONGEST_OVERLAP.days} days.", code="overlap_too_long"
        )
    locked = _locked(key)
    _require_in_use(locked, now)
    if overlap and _previous_works(locked, now):
        older, until = locked.secret_number - 1, locked.previous_until
        raise Conflict(
            f"Secret {older} still works until {until:%Y-%m-%d %H:%M} UTC.",
            code="rotation_under_way",
            next_step="End it first, or rotate without an overlap, which ends every older secret at once.",
        )
    before = _secrets(locked, now)
    plain = new_secret(locked.prefix)
    locked.previous_digest = locked.digest if overlap else ""
    locked.previous_until = now + overlap if overlap else None
    locked.previous_used_at = locked.last_used_at if overlap else None
    locked.digest, locked.last_used_at = digest_of(plain), None
    locked.secret_number += 1
    locked.rotated_at = now
    _save(locked, "api_key.rotated", before, acting_user, now)
    return locked, plain


@durable_write
def end_previous(*, key: ApiKey, acting_user: User, now: datetime) -> None:
    """The secret before the present one stops at once; one that stopped already is left alone."""
    require_role(acting_user=acting_user, organisation=key.organisation, roles=MANAGERS)
    locked = _locked(key)
    if not _previous_works(locked, now):
        return
    before = _secrets(locked, now)
    locked.previous_digest, locked.previous_until = "", None
    _save(locked, "api_key.previous_secret_ended", before, acting_user, now)


def _locked(key: ApiKey) -> ApiKey:
    found = ApiKey.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    return found.get(pk=key.pk)


def _require_in_use(key: ApiKey, now: datetime) -> None:
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        raise Conflict(
            "A key that was revoked or has expired cannot be rotated.",
            code="key_ended",
            next_step="Issue a new one.",
        )


def _previous_works(key: ApiKey, now: datetime) -> bool:
    return key.previous_until is not None and key.previous_until > now


def _secrets(key: ApiKey, now: datetime) -> dict[str, object]:
    """Which secrets work, by number."""
    told: dict[str, object] = {"secret": key.secret_number}
    if key.previous_until is not None and key.previous_until > now:
        told |= {"previous": key.secret_number - 1, "previous_until": key.previous_until.isoformat()}
    return told


def _save(key: ApiKey, action: str, before: dict[str, object], acting_user: User, now: datetime) -> None:
    key.save(
        update_fields=[
            "digest", "last_used_at", "secret_number", "rotated_at",
            "previous_digest", "previous_until", "previous_used_at",
        ]
    )  # fmt: skip
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"api_key:{key.prefix}",
        before=before, after=_secrets(key, now), organisation_slug=key.organisation.slug, now=now,
    )  # fmt: skip
