"""What one API key may spend: in its whole life, and on each UTC day. Each cap is an account that can refuse.

The account of a day is opened when an answer first needs it, just before the hold, and follows the cap that
the key has then. Money that was spent while a key had no cap counts against no later one.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import IntegrityError, transaction

from accounting import accounts, audit, wallets
from accounting.errors import Invalid
from accounting.models import Account, AccountKind, Asset
from accounting.writes import durable_write
from marketplace.models import ApiKey, DaySpendCap, User
from marketplace.roles import MANAGERS, require_role


@dataclass(frozen=True, slots=True)
class CapState:
    """One cap of a key, in micro-USD; what running answers hold counts as spent."""

    limit: int
    spent: int
    left: int


@dataclass(frozen=True, slots=True)
class KeyCaps:
    """Both caps of a key; None where there is none. `day` is the UTC day of the daily one."""

    in_all: CapState | None
    daily: CapState | None
    day: date


def check(*caps: int | None) -> None:
    for cap in caps:
        if cap is not None and cap < 0:
            raise Invalid("A spend cap cannot be negative.")


def open_cap(*, prefix: str, limit_micro_usd: int | None, now: datetime) -> int | None:
    """The account of a key's cap for its whole life, if it has one. Joins the caller's transaction."""
    if limit_micro_usd is None:
        return None
    return _opened(f"spend cap of key {prefix}", limit_micro_usd, now)


@durable_write
def change(
    *,
    key: ApiKey,
    spend_cap_micro_usd: int | None,
    daily_cap_micro_usd: int | None,
    acting_user: User,
    now: datetime,
) -> ApiKey:
    """Set, move or lift (None) both caps of a key; what was spent under them stays spent."""
    require_role(acting_user=acting_user, organisation=key.organisation, roles=MANAGERS)
    check(spend_cap_micro_usd, daily_cap_micro_usd)
    locked = ApiKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    before = _caps(locked)
    locked.spend_cap_micro_usd, locked.daily_cap_micro_usd = spend_cap_micro_usd, daily_cap_micro_usd
    if _caps(locked) == before:
        return locked
    if spend_cap_micro_usd is not None:
        if locked.spend_cap_account_id is None:
            locked.spend_cap_account_id = open_cap(
                prefix=locked.prefix, limit_micro_usd=spend_cap_micro_usd, now=now
            )
        else:
            _set(locked.spend_cap_account_id, spend_cap_micro_usd, now)
    locked.save(update_fields=["spend_cap_micro_usd", "daily_cap_micro_usd", "spend_cap_account_id"])
    audit.record(
        acting_user=acting_user.username, action="api_key.caps_changed", subject=f"api_key:{locked.prefix}",
        before=before, after=_caps(locked), organisation_slug=key.organisation.slug, now=now,
    )  # fmt: skip
    return locked


def open_for(*, key: ApiKey | None, now: datetime) -> tuple[int, ...]:
    """The accounts that an answer asked for with this key must be held against."""
    if key is None:
        return ()
    ids = []
    if key.spend_cap_micro_usd is not None and key.spend_cap_account_id is not None:
        ids.append(key.spend_cap_account_id)
    if key.daily_cap_micro_usd is not None:
        ids.append(_of_today(key, key.daily_cap_micro_usd, now))
    return tuple(ids)


def states(keys: list[ApiKey], *, now: datetime) -> dict[int, KeyCaps]:
    """Where the caps of many keys stand, in two queries."""
    day = today(now)
    days = {row.key_id: row for row in DaySpendCap.objects.filter(key__in=keys, day=day)}
    wanted = [key.spend_cap_account_id for key in keys] + [row.account_id for row in days.values()]
    found = Account.objects.in_bulk([id_ for id_ in wanted if id_ is not None])
    return {
        key.pk: KeyCaps(
            in_all=_state(key.spend_cap_micro_usd, found.get(key.spend_cap_account_id or 0)),
            daily=_state(
                key.daily_cap_micro_usd, found.get(days[key.pk].account_id if key.pk in days else 0)
            ),
            day=day,
        )
        for key in keys
    }


def today(now: datetime) -> date:
    """The UTC day that a moment belongs to."""
    return now.astimezone(UTC).date()


def _state(limit: int | None, account: Account | None) -> CapState | None:
    if limit is None:
        return None
    spent = 0 if account is None else account.debits_posted - account.withdrawn + account.debits_pending
    return CapState(limit, spent, max(0, limit - spent))


def _of_today(key: ApiKey, limit: int, now: datetime) -> int:
    row = DaySpendCap.objects.filter(key=key, day=today(now)).first() or _create(key, limit, now)
    if row.limit_micro_usd != limit:
        with transaction.atomic():
            DaySpendCap.objects.filter(pk=row.pk).update(limit_micro_usd=limit)
            _set(row.account_id, limit, now)
    return row.account_id


def _create(key: ApiKey, limit: int, now: datetime) -> DaySpendCap:
    """The day's row; where another process was faster, its row."""
    day = today(now)
    try:
        with transaction.atomic():
            account_id = _opened(f"daily spend cap of key {key.prefix} on {day} (UTC)", limit, now)
            return DaySpendCap.objects.create(key=key, day=day, account_id=account_id, limit_micro_usd=limit)
    except IntegrityError:
        return DaySpendCap.objects.get(key=key, day=day)


def _opened(label: str, limit: int, now: datetime) -> int:
    account = accounts.open_account(asset=Asset.MICRO_USD, kind=AccountKind.SPEND_CAP, label=label)
    _set(account.pk, limit, now)
    return account.pk


def _set(account_id: int, limit: int, now: datetime) -> None:
    wallets.set_spend_cap(account_id=account_id, limit_micro_usd=limit, operation_id=uuid.uuid4(), now=now)


def _caps(key: ApiKey) -> dict[str, int | None]:
    return {
        "spend_cap_micro_usd": key.spend_cap_micro_usd,
        "daily_cap_micro_usd": key.daily_cap_micro_usd,
    }
