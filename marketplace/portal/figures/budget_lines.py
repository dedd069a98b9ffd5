"""Every budget of a source as its page shows it: bar, figures, and one sentence on how long it lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from marketplace import budget_names
from marketplace.budget_line import BudgetLine
from marketplace.templatetags.portal import nats_plain

_NAMES = {
    budget_names.LIFETIME: ("Whole life", "Never comes back once spent."),
    budget_names.PRIVACY: (
        "Private answers, whole life",
        "A guarantee of presence or absence of the whole source. Spent privacy never comes back.",
    ),
    budget_names.ANSWER: ("One answer", "The most that any single answer may take; each begins anew."),
}


@dataclass(frozen=True, slots=True)
class ShownBudget:
    """One budget; `name` says what it limits."""

    line: BudgetLine

    @property
    def name(self) -> str:
        window = self.line.window
        if window is None:
            return _NAMES[self.line.kind][0]
        whose = self.line.consumer or (
            "All organisations" if window.consumers == "all" else "Any one organisation"
        )
        return f"{whose}, {window.stretch}"

    @property
    def note(self) -> str:
        line = self.line
        if line.window is None:
            return _NAMES[line.kind][1]
        if line.starts_at is None:
            return "What was spent comes back when it is older than that."
        return f"Begins empty again at {_moment(line.ends_at)}."

    @property
    def may_be_paused(self) -> bool:
        return self.line.kind != budget_names.ANSWER and self.line.state != "over"

    @property
    def paused_at(self) -> datetime | None:
        return None if self.line.pause is None else datetime.fromisoformat(self.line.pause["at"])

    @property
    def in_words(self) -> str:
        """What the bar shows, for people who do not see it."""
        line = self.line
        held = f", {nats_plain(line.held_nano_nats)} held" if line.held_nano_nats else ""
        if line.limit_nano_nats is None:
            return f"{self.name}: {nats_plain(line.spent_nano_nats)} spent{held}, no limit"
        spent, limit = nats_plain(line.spent_nano_nats), nats_plain(line.limit_nano_nats)
        return f"{self.name}: {spent} of {limit} spent{held}"

    @property
    def outlook(self) -> str:
        """How long it lasts, at the rate of the last 24 hours; an estimate says that it is one."""
        line = self.line
        if line.kind == budget_names.ANSWER or line.state == "over":
            return ""
        if line.limit_nano_nats is None:
            return "It has no limit, so it does not run out."
        if line.left_nano_nats == 0:
            until = f" until {_moment(line.ends_at)}" if line.ends_at else ""
            return f"It is used up: answers that count here go on without the source{until}."
        if line.answers_left is None:
            return "No answer in the last 24 hours counted here, so there is no estimate."
        if line.answers_left == 0:
            return "Less than one answer like those of the last 24 hours is left."
        return f"About {about(line.answers_left)} left at the rate of the last 24 hours{self._end()}."

    def _end(self) -> str:
        line = self.line
        if line.lasts:
            return "; it renews itself before that"
        return f"; runs out around {_day(line.runs_out_at, line.now)}" if line.runs_out_at else ""


def about(answers: int) -> str:
    """Two digits that mean something: 1,234 answers are about 1,200."""
    scale = 10 ** max(len(str(answers)) - 2, 0)
    count = answers // scale * scale
    return f"{count:,} answer{'' if count == 1 else 's'}"


def shown(lines: Sequence[BudgetLine]) -> list[ShownBudget]:
    return [ShownBudget(line) for line in lines]


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%-d %B, %H:%M} UTC"


def _day(moment: datetime, now: datetime | None) -> str:
    """As exact as an estimate is: the hour within two days, the day within this year and the next half."""
    moment = moment.astimezone(UTC)
    if now is not None and (moment - now).days < 2:
        return f"{moment:%-d %B, %H}:00 UTC"
    if now is not None and (moment - now).days < 180:
        return f"{moment:%-d %B}"
    return f"{moment:%B %Y}"
