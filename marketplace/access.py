"""API keys: issue, recognise, revoke. The way in for programs.

A key is `dvm_<prefix>_<secret>` with 256 random bits; the plain text leaves this module once. Recognising one
costs one query and one SHA-256; when it was last used is kept to the minute, by a conditional update.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hmac import compare_digest

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounting import audit
from accounting.errors import Invalid
from marketplace import key_limits, spend_caps
from marketplace.key_limits import KeyLimits
from marketplace.models import ApiKey, Membership, Organisation, User
from marketplace.roles import MANAGERS, operators, require_role
from marketplace.scopes import USUAL

MARK = "dvm"
_FORM = re.compile(rf"{MARK}_([0-9a-f]{{8}})_")
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def issue_key(
    *,
    organisation: Organisation,
    name: str,
    acting_user: User,
    now: datetime,
    scopes: Sequence[str] = USUAL,
    source_slugs: Sequence[str] = (),
    purposes: Sequence[str] = (),
    default_purpose: str = "",
    spend_cap_micro_usd: int | None = None,
    daily_cap_micro_usd: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its plain text, which is shown once and kept nowhere."""
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    limits = KeyLimits(scopes, source_slugs, purposes, default_purpose)
    key_limits.check(limits, organisation=organisation)
    spend_caps.check(spend_cap_micro_usd, daily_cap_micro_usd)
    if expires_at is not None and expires_at <= now:
        raise Invalid("A key must expire after it is issued.")
    prefix = secrets.token_hex(4)
    plain = new_secret(prefix)
    with transaction.atomic(durable=True):
        cap_account = spend_caps.open_cap(prefix=prefix, limit_micro_usd=spend_cap_micro_usd, now=now)
        key = ApiKey.objects.create(
            organisation=organisation, name=name, prefix=prefix, digest=digest_of(plain), scopes=list(scopes),
            source_slugs=list(source_slugs), purposes=list(purposes), default_purpose=default_purpose,
            spend_cap_micro_usd=spend_cap_micro_usd, spend_cap_account_id=cap_account,
            daily_cap_micro_usd=daily_cap_micro_usd,
            expires_at=expires_at, created_at=now, created_by=acting_user,
        )  # fmt: skip
        audit.record(
            acting_user=acting_user.username, action="api_key.issued", subject=f"api_key:{prefix}",
            after={
                "name": name, "scopes": list(scopes), "source_slugs": list(source_slugs),
                "purposes": list(purposes), "spend_cap_micro_usd": spend_cap_micro_usd,
                "daily_cap_micro_usd": daily_cap_micro_usd,
            },
            organisation_slug=organisation.slug, now=now,
        )  # fmt: skip
    return key, plain


def authenticate(plain: str, *, now: datetime) -> ApiKey | None:
    """The key behind the plain text, or None: unknown, expired, revoked, or its issuer has left."""
    found = _FORM.match(plain)
    if found is None:
        return None
    belongs = Membership.objects.filter(user=OuterRef("created_by"), organisation=OuterRef("organisation"))
    key = (
        ApiKey.objects.select_related("organisation", "created_by")
        .filter(prefix=found[1], revoked_at__isnull=True, created_by__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        .filter(Exists(belongs) | Exists(operators().filter(pk=OuterRef("created_by"))))
        .first()
    )
    if key is None or not _shows(key, digest_of(plain), now):
        return None
    return key


def revoke_key(*, key: ApiKey, acting_user: User, now: datetime, reason: str = "") -> None:
    """The key stops at once, an answer under way with the next token; revoking twice changes nothing."""
    require_role(acting_user=acting_user, organisation=key.organisation, roles=MANAGERS)
    with transaction.atomic(durable=True):
        if not ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(
            revoked_at=now, revoked_reason=reason
        ):
            return
        audit.record(
            acting_user=acting_user.username, action="api_key.revoked", subject=f"api_key:{key.prefix}",
            before={"revoked": False}, after={"revoked": True, **({"reason": reason} if reason else {})},
            organisation_slug=key.organisation.slug, now=now,
        )  # fmt: skip


def new_secret(prefix: str) -> str:
    return f"{MARK}_{prefix}_{secrets.token_urlsafe(32)}"


def _shows(key: ApiKey, digest: str, now: datetime) -> bool:
    """Whether it is the key's secret, or the one before while that still works; its use is noted."""
    if compare_digest(key.digest, digest):
        _note_use(key, "last_used_at", key.last_used_at, now)
        return True
    still_works = key.previous_until is not None and key.previous_until > now
    if still_works and compare_digest(key.previous_digest, digest):
        _note_use(key, "previous_used_at", key.previous_used_at, now)
        return True
    return False


def _note_use(key: ApiKey, field: str, noted_at: datetime | None, now: datetime) -> None:
    stale = now - USE_IS_NOTED_EVERY
    if noted_at is None or noted_at < stale:
        unnoted = Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__lt": stale})
        ApiKey.objects.filter(unnoted, pk=key.pk).update(**{field: now})


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
