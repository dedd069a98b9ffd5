"""By which states a source is off for everybody, whoever asks and for whatever purpose.

Reads only. What turns a source off for some consumers alone (a window, a country, a purpose) is not here: it
proves nothing about the others.
"""

from dataclasses import dataclass

from accounting import budgets
from marketplace import budget_names
from marketplace.models import Partition, PartitionState, Source, SourceState
from marketplace.parsed_policies import parsed

DUST_NANO_NATS = 1_000_000  # what is left of a spent budget below a thousandth of a nat gives no seat


@dataclass(frozen=True, slots=True)
class Off:
    state: str
    sentence: str


def off_states(source: Source) -> list[Off]:
    """Each that holds now; none where the source may still vote for somebody."""
    found = []
    if source.state == SourceState.WITHDRAWN:
        found.append(Off("withdrawn", "The source was withdrawn, with its partitions."))
    if source.state == SourceState.SUSPENDED:
        found.append(Off("suspended", "The source is suspended."))
    if source.policy is None:
        found.append(Off("no_policy", "The source has no policy in force."))
    if not Partition.objects.filter(source=source, state=PartitionState.ACTIVE).exists():
        found.append(Off("no_partition", "The source has no partition that votes."))
    return found + _budget_states(source)


def _budget_states(source: Source) -> list[Off]:
    """Of the lifetime budget that its policy draws on."""
    if source.policy is None:
        return []
    private = parsed(source.policy).limits.privacy is not None
    name = budget_names.PRIVACY if private else budget_names.LIFETIME
    account = source.privacy_account_id if private else source.budget_account_id
    found = []
    left = budgets.state(account).left
    if left is not None and left < DUST_NANO_NATS:
        found.append(Off("exhausted", "Its lifetime budget is spent."))
    if name in source.paused_budgets:
        found.append(Off("paused", "Its lifetime budget is paused."))
    return found
