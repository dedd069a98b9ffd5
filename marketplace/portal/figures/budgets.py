"""An intelligence budget as an owner reads it: limit, spent, held, left, in nano-nats and in words."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounting import budgets
from marketplace import budget_names
from marketplace.models import Source
from marketplace.parsed_policies import parsed
from marketplace.templatetags.portal import nats_plain


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """One budget; `limit` None is unlimited, `left` None with it."""

    name: str
    limit: int | None
    spent: int
    held: int
    left: int | None
    note: str = ""
    paused: bool = False

    @property
    def in_words(self) -> str:
        """What the bar shows, for people who do not see it."""
        if self.limit is None:
            return f"{self.name}: {nats_plain(self.spent)} spent, no limit"
        held = f", {nats_plain(self.held)} held" if self.held else ""
        return f"{self.name}: {nats_plain(self.spent)} of {nats_plain(self.limit)} spent{held}"

    @property
    def nearly_gone(self) -> bool:
        """Four fifths are spent: time to tell the owner."""
        return bool(self.limit) and self.spent + self.held >= 0.8 * (self.limit or 0)


def lifetime(sources: Iterable[Source]) -> dict[int, BudgetFigures]:
    """The lifetime influence budget of each source, by the source's id, in one query."""
    rows = list(sources)
    states = budgets.states([source.budget_account_id for source in rows])
    return {source.pk: _lifetime(source, states[source.budget_account_id]) for source in rows}


def of_source(source: Source, *, private: bool) -> list[BudgetFigures]:
    """Every lifetime budget of one source: influence, and the privacy charge where its policy has one."""
    wanted = [source.budget_account_id] + ([source.privacy_account_id] if private else [])
    states = budgets.states(wanted)
    shown = [_lifetime(source, states[source.budget_account_id])]
    privacy = parsed(source.policy).limits.privacy if source.policy else None
    if private and privacy is not None:
        note = (
            "A guarantee of presence or absence of the whole source; other data in its place costs at "
            "most four times as much. Spent privacy never comes back."
        )
        state = states[source.privacy_account_id]
        paused = budget_names.PRIVACY in source.paused_budgets
        shown.append(
            _figures("Lifetime privacy charge", privacy.budget_nano_nats, state, note, paused=paused)
        )
    return shown


def _lifetime(source: Source, state: budgets.BudgetState) -> BudgetFigures:
    """Limits are the policy's: while a budget is paused its account is stated to give nothing."""
    limit = parsed(source.policy).limits.lifetime_nano_nats if source.policy else state.limit
    paused = budget_names.LIFETIME in source.paused_budgets
    return _figures("Lifetime influence", limit, state, paused=paused)


def _figures(
    name: str, limit: int | None, state: budgets.BudgetState, note: str = "", *, paused: bool = False
) -> BudgetFigures:
    left = None if limit is None else max(0, limit - state.spent - state.held)
    return BudgetFigures(name, limit, state.spent, state.held, left, note, paused)
