"""What a source may still give to one consumer: its lifetime, privacy and window budgets, as accounts.

Reading many takes two queries however many there are, and one where no policy has a window. The account of a
period is opened when a seat first needs it, just before the hold, and follows the policy in force.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import IntegrityError, connection, transaction

from accounting import accounts, budgets
from accounting.models import AccountKind, Asset
from accounting.placeholders import marks
from marketplace import budget_names, rolling
from marketplace.limits_stated import is_paused, state_limit
from marketplace.material import SourceFacts, load
from marketplace.models import Organisation, Source, WindowBudget
from marketplace.policy.request import Deny, Limits, Mode
from marketplace.policy.windows import Window, starts

if TYPE_CHECKING:
    from marketplace.admission import Admitted

Rows = Mapping[tuple[int, str], WindowBudget]
States = Mapping[int, budgets.BudgetState]
Left = tuple[int | None, str]  # nano-nats, and the words for their budget


@dataclass(frozen=True, slots=True)
class Budgets:
    """The accounts that an answer from this source is charged to, the least left on them, and a no if any."""

    account_ids: tuple[int, ...]
    left_nano_nats: int | None
    narrowest: str = ""  # the words for the budget with the least left
    refusal: Deny | None = None


def read(
    *, wanted: Mapping[int, tuple[SourceFacts, Limits]], consumer: Organisation, mode: Mode, now: datetime
) -> dict[int, Budgets]:
    """By source id. A window whose account is not open yet counts with its full limit."""
    rows = rows_of({key: limits.all_windows for key, (_, limits) in wanted.items()}, consumer, now)
    ids = {key: _account_ids(source, limits, mode, rows) for key, (source, limits) in wanted.items()}
    states = budgets.states([account for accounts_ in ids.values() for account in accounts_])
    found = {}
    for key, (source, limits) in wanted.items():
        paused = _paused(source, limits, mode, consumer)
        lefts = [*_lasting(source, states, mode), *_passing(source, limits, rows, states, now)]
        found[key] = _budgets(ids[key], lefts, paused)
    return found


def rows_of(
    wanted: Mapping[int, Sequence[Window]], consumer: Organisation | None, now: datetime
) -> dict[tuple[int, str], WindowBudget]:
    """What is open now for this consumer and for all, by source and window; no query without windows.

    None is nobody in particular: only what all consumers share is open.
    """
    windows = {window for own in wanted.values() for window in own}
    if not windows:
        return {}
    own = [key for key, windows_ in wanted.items() if windows_]
    moments = [connection.ops.adapt_datetimefield_value(start) for start in starts(windows, now)]
    whose = None if consumer is None else consumer.pk
    rows = WindowBudget.objects.raw(
        _OPEN.format(sources=marks(own), moments=marks(moments)), [*own, whose, *moments]
    )
    return {(row.source_id, row.key): row for row in rows}


# Written out, because every admission asks it: making it from a query set takes longer than asking. A list
# that is empty and nobody in particular are NULL, which nothing equals.
_OPEN = """SELECT * FROM marketplace_windowbudget WHERE source_id IN ({sources})
    AND (consumer_id = %s OR consumer_id IS NULL) AND (starts_at IN ({moments}) OR starts_at IS NULL)"""


def used_nano_nats(row: WindowBudget, state: budgets.BudgetState, now: datetime) -> int:
    """What the window counts against its limit: spent and not yet given back, and held."""
    return state.spent - row.returned_nano_nats - rolling.due_nano_nats(row, now) + state.held


def _account_ids(source: SourceFacts, limits: Limits, mode: Mode, rows: Rows) -> tuple[int, ...]:
    found = (rows.get((source.pk, window.key)) for window in limits.all_windows)
    private = [source.privacy_account_id] if mode == "private" else []
    return tuple(sorted([source.budget_account_id, *private, *(row.account_id for row in found if row)]))


def _lasting(source: SourceFacts, states: States, mode: Mode) -> Iterator[Left]:
    yield states[source.budget_account_id].left, "its lifetime budget"
    if mode == "private":
        yield states[source.privacy_account_id].left, "its privacy budget"


def _passing(
    source: SourceFacts, limits: Limits, rows: Rows, states: States, now: datetime
) -> Iterator[Left]:
    for window in limits.all_windows:
        row = rows.get((source.pk, window.key))
        used = used_nano_nats(row, states[row.account_id], now) if row else 0
        yield max(0, window.nano_nats - used), budget_names.words(window)


def _budgets(ids: tuple[int, ...], lefts: Sequence[Left], paused: Deny | None) -> Budgets:
    if paused is not None:
        return Budgets(ids, 0, "", paused)
    limited = [(left, words) for left, words in lefts if left is not None]
    if not limited:
        return Budgets(ids, None, "")
    left, narrowest = min(limited, key=lambda one: one[0])
    return Budgets(ids, left, narrowest, _spent(narrowest) if left == 0 else None)


def _spent(words: str) -> Deny:
    return Deny("budget", f"{words[0].upper()}{words[1:]} is spent.")


def refusals(
    *, refused: Sequence["Admitted"], consumer: Organisation, mode: Mode, now: datetime
) -> dict[str, Deny]:
    """Why the books refused what was admitted a moment before: by slug, the pause or the narrowest budget."""
    as_now = load([one.source.pk for one in refused])
    wanted = {one.source.pk: (as_now[one.source.pk].source, one.limits) for one in refused}
    found = read(wanted=wanted, consumer=consumer, mode=mode, now=now) if wanted else {}
    return {
        one.source.slug: found[one.source.pk].refusal
        or _spent(found[one.source.pk].narrowest or "its intelligence budget")
        for one in refused
    }


def _paused(source: SourceFacts, limits: Limits, mode: Mode, consumer: Organisation) -> Deny | None:
    if not source.paused_budgets:
        return None
    for name, words in budget_names.counted(limits, mode, consumer.slug):
        if name in source.paused_budgets:
            return Deny("paused", f"Its owner has paused {words}.")
    return None


def open_for(
    *, admitted: Sequence["Admitted"], consumer: Organisation, now: datetime
) -> tuple["Admitted", ...]:
    """The same, with the account of every window that their policies have open and at the policy's limit."""
    rows = rows_of({one.source.pk: one.limits.all_windows for one in admitted}, consumer, now)
    return tuple(_opened(one, rows, consumer, now) for one in admitted)


def _opened(one: "Admitted", rows: Rows, consumer: Organisation, now: datetime) -> "Admitted":
    ids = set(one.budget_account_ids)
    for window in one.limits.all_windows:
        whose = consumer if window.consumers == "each" else None
        row = rows.get((one.source.pk, window.key)) or _create(one.source, whose, window, now)
        state_limit(row=row, limit_nano_nats=window.nano_nats, paused=row.paused, now=now)
        if rolling.is_due(row, now):
            rolling.roll(row=row, now=now, used=True)
        ids.add(row.account_id)
    return replace(one, budget_account_ids=tuple(sorted(ids)))


def _create(
    source: SourceFacts, consumer: Organisation | None, window: Window, now: datetime
) -> WindowBudget:
    """The period's row; where another process was faster, its row."""
    start = window.starts_at(now)
    place: dict[str, Any] = {
        "source_id": source.pk,
        "consumer": consumer,
        "per": window.per,
        "kind": window.kind,
        "starts_at": start,
    }
    try:
        with transaction.atomic():
            return _created(source, consumer, window, now, place)
    except IntegrityError:
        return WindowBudget.objects.get(**place)


def _created(
    source: SourceFacts,
    consumer: Organisation | None,
    window: Window,
    now: datetime,
    place: Mapping[str, Any],
) -> WindowBudget:
    """The owner's pauses are read again and kept from changing: a period never opens past a pause."""
    locked = Source.objects.select_for_update(no_key=True).only("paused_budgets").get(pk=source.pk)
    paused = is_paused(locked, window.key, consumer.slug if consumer else None)
    whom = consumer.slug if consumer else "all"
    account = accounts.open_account(
        asset=Asset.NANO_NAT,
        kind=AccountKind.BUDGET,
        label=f"{source.slug} for {whom}: {window.per} from {now:%Y-%m-%d %H:%M}",
    )
    limit = 0 if paused else window.nano_nats
    budgets.set_limit(account_id=account.pk, limit_nano_nats=limit, operation_id=uuid4(), now=now)
    rolls = {"rolled_at": now, "used_at": now} if window.is_rolling else {}
    row = WindowBudget(
        **place, account_id=account.pk, limit_nano_nats=window.nano_nats, paused=paused, **rolls
    )
    row.next_roll_at = now + rolling.step(row) if window.is_rolling else None
    row.save(force_insert=True)
    return row
