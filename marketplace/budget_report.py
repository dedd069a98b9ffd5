"""Where a source's intelligence budgets stand, for its owner: limit, spent, held, left, and for how long.

Writes nothing; the number of queries does not grow with the budgets. Privacy is also told as the epsilon of
(epsilon, delta), through zCDP: what was spent so far and what the whole budget guarantees, for the source's
presence and for a replacement of its data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from accounting import budgets
from accounting.maths import zcdp
from marketplace import budget_names, rolling
from marketplace.budget_alerts import standing_percents
from marketplace.budget_line import BudgetLine
from marketplace.budget_rates import Rates, recent
from marketplace.limits_stated import pause_of
from marketplace.models import Source, WindowBudget
from marketplace.parsed_policies import parsed
from marketplace.policy.request import NANO, Limits, PrivacyTerms
from marketplace.policy.windows import Window

REPLACED = 4  # out and in again: twice the distance, so at most four times the zCDP charge


@dataclass(frozen=True, slots=True)
class _Books:
    """What the lines are made of, read once for a page."""

    source: Source
    limits: Limits | None
    states: dict[int, budgets.BudgetState]
    rates: Rates
    alerts: dict[int, tuple[int, ...]]
    now: datetime


def budgets_of(
    *, source: Source, rows: Sequence[WindowBudget], now: datetime, lasting: bool = True
) -> list[BudgetLine]:
    """Lifetime, privacy and one answer first (`lasting`), then what is stated for all, then `rows`."""
    limits = parsed(source.policy).limits if source.policy else None
    shared = _shared_rows(source, limits, now) if lasting else []
    own = [source.budget_account_id, source.privacy_account_id] if lasting else []
    ids = [*own, *(row.account_id for row in (*shared, *rows))]
    books = _Books(
        source=source,
        limits=limits,
        states=budgets.states(ids),
        rates=recent(source, now),
        alerts=standing_percents(ids),
        now=now,
    )
    first = [*_lasting(books), *_shared(books, shared, rows)] if lasting else []
    return [*first, *(_row(books, row) for row in rows)]


def consumers_rows(*, source: Source, now: datetime) -> QuerySet[WindowBudget]:
    """One row for each consumer and open window of the policy in force."""
    return _windows_rows(source).filter(_open_now(source, now), consumer__isnull=False)


def past_rows(*, source: Source, now: datetime) -> QuerySet[WindowBudget]:
    """Every calendar period that is over."""
    return _windows_rows(source).exclude(_open_now(source, now)).filter(starts_at__lt=now)


def _windows_rows(source: Source) -> QuerySet[WindowBudget]:
    return WindowBudget.objects.filter(source=source).select_related("consumer")


def _open_now(source: Source, now: datetime) -> Q:
    found = Q(pk__in=[])
    for window in parsed(source.policy).limits.all_windows if source.policy else ():
        found |= Q(
            per=window.per,
            kind=window.kind,
            starts_at=window.starts_at(now),
            consumer__isnull=window.consumers == "all",
        )
    return found


def _shared_rows(source: Source, limits: Limits | None, now: datetime) -> list[WindowBudget]:
    if limits is None or not limits.all_windows:
        return []
    return list(_windows_rows(source).filter(_open_now(source, now), consumer__isnull=True))


def _lasting(books: _Books) -> Iterator[BudgetLine]:
    source, limits = books.source, books.limits
    lifetime = books.states[source.budget_account_id]
    most = limits.lifetime_nano_nats if limits else 0
    yield _line(
        books, budget_names.LIFETIME, account_id=source.budget_account_id, limit_nano_nats=most,
        spent_nano_nats=lifetime.spent, held_nano_nats=lifetime.held, rate=books.rates.of(),
    )  # fmt: skip
    if limits is None:
        return
    if limits.privacy is not None:
        state = books.states[source.privacy_account_id]
        line = _line(
            books, budget_names.PRIVACY, account_id=source.privacy_account_id,
            limit_nano_nats=limits.privacy.budget_nano_nats, spent_nano_nats=state.spent,
            held_nano_nats=state.held, rate=books.rates.of(private_only=True),
        )  # fmt: skip
        yield _with_epsilon(line, limits.privacy)
    yield BudgetLine(
        budget=budget_names.ANSWER, kind=budget_names.ANSWER, limit_nano_nats=limits.per_answer_nano_nats,
        spent_nano_nats=0, held_nano_nats=0,
    )  # fmt: skip


def _shared(
    books: _Books, shared: Sequence[WindowBudget], rows: Sequence[WindowBudget]
) -> Iterator[BudgetLine]:
    """Every window of the policy that is not one consumer's yet; an unopened one has its full limit."""
    opened = {row.key: row for row in shared}
    used = {row.key for row in rows}
    for window in books.limits.all_windows if books.limits else ():
        if window.key in opened:
            yield _row(books, opened[window.key])
        elif window.key not in used:
            yield _unopened(books, window)


def _unopened(books: _Books, window: Window) -> BudgetLine:
    return _line(
        books, window.key, window=window, limit_nano_nats=window.nano_nats,
        starts_at=window.starts_at(books.now), ends_at=window.ends_at(books.now),
    )  # fmt: skip


def _row(books: _Books, row: WindowBudget) -> BudgetLine:
    """A period's line: its limit is the policy's while it is open, and what it was once it is over."""
    own = (
        next((one for one in books.limits.all_windows if one.key == row.key), None) if books.limits else None
    )
    window = own or _as_window(row)
    state = books.states[row.account_id]
    back = row.returned_nano_nats + rolling.due_nano_nats(row, books.now)
    open_now = own is not None and row.starts_at == window.starts_at(books.now)
    wallet_id = row.consumer.wallet_account_id if row.consumer else None
    return _line(
        books, row.key, window=window, account_id=row.account_id,
        limit_nano_nats=window.nano_nats if open_now else row.limit_nano_nats,
        spent_nano_nats=state.spent - back, held_nano_nats=state.held,
        consumer=row.consumer.slug if row.consumer else None,
        starts_at=row.starts_at, ends_at=window.ends_at(row.starts_at) if row.starts_at else None,
        rate=books.rates.of(wallet_id=wallet_id),
    )  # fmt: skip


def _as_window(row: WindowBudget) -> Window:
    kept: Any = (row.per, row.kind, "all" if row.consumer_id is None else "each", row.limit_nano_nats)
    return Window(*kept)


def _line(books: _Books, name: str, **figures: Any) -> BudgetLine:
    account_id = figures.pop("account_id", None)
    window: Window | None = figures.get("window")
    return BudgetLine(
        budget=name,
        kind=window.per if window else name,
        now=books.now,
        pause=pause_of(books.source, name, figures.get("consumer")),
        alerts=books.alerts.get(account_id, ()),
        **{"spent_nano_nats": 0, "held_nano_nats": 0, **figures},
    )


def _with_epsilon(line: BudgetLine, privacy: PrivacyTerms) -> BudgetLine:
    spent = line.spent_nano_nats + line.held_nano_nats
    return replace(
        line,
        delta=privacy.delta,
        epsilon_spent=_epsilon(spent, privacy.delta),
        epsilon_spent_if_replaced=_epsilon(spent, privacy.delta, times=REPLACED),
        epsilon_limit=_epsilon(privacy.budget_nano_nats, privacy.delta),
        epsilon_limit_if_replaced=_epsilon(privacy.budget_nano_nats, privacy.delta, times=REPLACED),
    )


def _epsilon(nano_nats: int, delta: float, *, times: int = 1) -> float:
    """A charge at order alpha is alpha times a zCDP charge, so one ledger gives the whole curve."""
    return zcdp.epsilon(rho_zcdp=times * nano_nats / NANO / settings.ALPHA, delta=delta)
