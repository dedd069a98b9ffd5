"""The use case: replay the last days of a source against a draft of its policy, and say what would differ.

Owners see the names of consumers as far as they have receipts of them; all others stand in one line. Too many
answers are refused with the number of days that fits. It writes nothing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

from accounting import budgets, past_answers
from accounting.errors import Invalid
from accounting.statement_lines import Window
from marketplace.backtest import considered as requests
from marketplace.backtest.answers import Asked
from marketplace.backtest.past import Past
from marketplace.backtest.replay import Replay
from marketplace.backtest.sums import Sums
from marketplace.backtest.verdicts import looks_later
from marketplace.models import Source
from marketplace.parsed_policies import parsed
from marketplace.policy.policy import Policy
from marketplace.policy.request import Stage
from marketplace.policy.windows import Window as InfluenceWindow
from marketplace.rolling import SLACK

MOST_DAYS = 90
MOST_ANSWERS = 200_000
MOST_COUNTS = 200_000
UNNAMED = None  # consumers that the owner has no receipt of


@dataclass(frozen=True, slots=True)
class Backtest:
    """`by_consumer` has one line without a name; lines are in descending order of what they would pay."""

    days: int
    since: datetime
    until: datetime
    total: Sums
    refused_by_rule: Mapping[str, int]
    considered_by_rule: Mapping[str, int]
    by_consumer: Mapping[str | None, Sums]
    by_day: Mapping[date, Sums]
    notes: tuple[str, ...]


def backtest(*, source: Source, draft: Policy, days: int, now: datetime) -> Backtest:
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"A back-test looks 1 to {MOST_DAYS} days back.", next_step="Choose `days` in between.")
    since = _midnight(now) - timedelta(days=days - 1)
    window = Window(since, now)
    _refuse_too_much(source, window)
    later = _looks_later(draft, now)
    past = Past(source, with_voters="seats" in later)
    replay = Replay(draft, **_spent_before(source, draft, window))
    for answer in past.answers(Window(_reaching_back(draft, since), since)):
        replay.before(answer)
    for answer in past.answers(window):
        replay.take(answer)
    by_rule = _consider(replay, source, draft, window)
    return Backtest(
        days=days,
        since=since,
        until=now,
        total=replay.total(),
        refused_by_rule=dict(replay.refused_by_rule.most_common()),
        considered_by_rule=dict(by_rule.most_common()),
        by_consumer=_named(replay.by_consumer()),
        by_day=_every_day(replay.by_day(), since.date(), days),
        notes=tuple(_notes(source, draft, later, replay.total())),
    )  # fmt: skip


def _consider(replay: Replay, source: Source, draft: Policy, window: Window) -> Counter[str]:
    by_rule: Counter[str] = Counter()
    assert window.since is not None
    seen = set(replay.by_consumer())
    for one in requests.considered(source=source, draft=draft, since=window.since.date(), now=window.until):
        replay.of(one.consumer if one.consumer in seen else "", one.day).considered += one.requests
        by_rule[one.rule] += one.requests
    return by_rule


def _named(by_consumer: Mapping[str, Sums]) -> dict[str | None, Sums]:
    order = sorted(by_consumer.items(), key=lambda one: (one[0] == "", -one[1].micro_usd, one[0]))
    return {name or UNNAMED: sums for name, sums in order}


def _every_day(by_day: Mapping[date, Sums], first: date, days: int) -> dict[date, Sums]:
    return {day: by_day.get(day, Sums()) for day in (first + timedelta(days=n) for n in range(days))}


def _spent_before(source: Source, draft: Policy, window: Window) -> dict[str, int]:
    """Of the draft's lasting budgets before the range: what is spent now, less what the range drew."""
    states = budgets.states([source.budget_account_id, source.privacy_account_id])
    drawn = partial(past_answers.drawn_nano_nats, source.earnings_account_id, window)
    spent: dict[str, int] = {}
    if draft.limits.lifetime_nano_nats is not None:
        spent["lifetime_spent"] = max(0, states[source.budget_account_id].spent - drawn())
    if draft.limits.privacy is not None:
        spent["privacy_spent"] = max(0, states[source.privacy_account_id].spent - drawn(mode="private"))
    return spent


def _reaching_back(draft: Policy, since: datetime) -> datetime:
    """From when on answers count in a window of the draft that reaches into the range."""
    return min((_opens(window, since) for window in draft.limits.all_windows), default=since)


def _opens(window: InfluenceWindow, at: datetime) -> datetime:
    start = window.starts_at(at)
    return at - window.length * 1.01 - SLACK if start is None else start


def _refuse_too_much(source: Source, window: Window) -> None:
    cut = past_answers.beyond(source.earnings_account_id, window, MOST_ANSWERS)
    if cut is not None:
        fit = (window.until.date() - cut.date()).days
        raise Invalid(
            f"The source has more than {MOST_ANSWERS:,} answers in these days.",
            code="too_many_answers",
            next_step=f"Ask for {fit} days or fewer."
            if fit
            else "Ask for a source with fewer answers a day.",
        )
    assert window.since is not None
    asked, refused = requests.rows(source, window.since.date())
    if asked[: MOST_COUNTS + 1].count() + refused[: MOST_COUNTS + 1].count() > MOST_COUNTS:
        raise Invalid(
            f"There are more than {MOST_COUNTS:,} counts of requests in these days.",
            code="too_many_answers",
            next_step="Ask for fewer days.",
        )


def _looks_later(draft: Policy, now: datetime) -> frozenset[Stage]:
    return looks_later(draft, Asked("", "", "open"), now)


def _notes(source: Source, draft: Policy, later: frozenset[Stage], total: Sums) -> Iterator[str]:
    """What the numbers rest on, where it matters for this draft."""
    if "question" in later:
        yield "Questions are not kept for owners, so what the topic clause would have refused is not counted."
    before = parsed(source.policy).limits if source.policy else None
    if before is not None and draft.limits.max_gamma < before.max_gamma:
        yield "A lower voting right moves answers less; by how much is not known, so their influence is kept."
    if total.limited:
        yield "An answer above a limit of the draft is taken to have stopped exactly at the limit."
    if total.unknown:
        yield f"It is not on record what {total.unknown} of the answers were for; they are kept as they were."
    yield "Groups, domains, countries and approvals of consumers are those of today."


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
