"""How much each seat may still move, over nats that are really held: the engine's side of mid-answer top-ups.

Implements `inference.net.generation.Allowance`. Nats are held in blocks; before a token could use more than
what is held, the next block is asked for. Refused, or not allowed any more by policy or agreement, the seat's
allowance is 0 from the next token on and the answer goes on without it. Nothing is posted here: settlement
does that, from what was spent.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from accounting.maths.units import nano_nats_up
from inference.group_spending import GroupSpending
from inference.plan import NANO, Seat
from marketplace.policy.request import Deny

TopUp = Callable[[str, int], bool]
WhoIsDenied = Callable[[frozenset[str]], Mapping[str, Deny]]


@dataclass(frozen=True, slots=True)
class Stopped:
    """A seat that lost its right in mid-answer: by which rule, when, and after how many tokens."""

    rule: str
    reason: str
    after_tokens: int
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "reason": self.reason,
            "after_tokens": self.after_tokens,
            "at": self.at.isoformat(),
        }


@dataclass(slots=True)
class _Held:
    """One seat's nats: the cap, what is held of it, what was spent."""

    cap_nano_nats: int
    block_nano_nats: int
    token_charge_nano_nats: int | None
    in_group: bool
    held_nano_nats: int
    spent_nats: float = 0.0
    charged_tokens: int = 0
    refused: bool = False
    stopped: Stopped | None = None

    @property
    def rounding_nano_nats(self) -> int:
        """Room for rounding up what was measured, of a group also for the split; public charges are whole."""
        if self.token_charge_nano_nats is not None:
            return 0
        return 2 if self.in_group else 1

    @property
    def spent_nano_nats(self) -> int:
        """Public charges are whole numbers already; what was measured is rounded up once."""
        if self.token_charge_nano_nats is not None:
            return self.charged_tokens * self.token_charge_nano_nats
        return min(nano_nats_up(self.spent_nats), self.held_nano_nats)


@dataclass(slots=True)
class HeldAllowance:
    """The allowances of one answer. `token_drawn` is told after every token.

    `denied` is asked once before each token, with the seats that still speak: who of them may no longer.
    """

    max_tokens: int
    top_up: TopUp
    refused: Callable[[str], None]
    denied: WhoIsDenied = lambda _speaking: {}
    stopped: Callable[[str, Stopped], None] = lambda _label, _stopped: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _seats: dict[str, _Held] = field(default_factory=dict)
    _groups: dict[str, GroupSpending] = field(default_factory=dict)  # by member
    _drawn: int = 0
    _asked_before: int = -1  # the token before which it was last asked who is denied

    def seat(self, seats: Sequence[Seat]) -> None:
        """The first blocks, as `holds.place` reserved them."""
        for one in seats:
            self._seats[one.slug] = _Held(
                cap_nano_nats=one.cap_nano_nats,
                block_nano_nats=one.block_nano_nats,
                token_charge_nano_nats=one.token_charge_nano_nats,
                in_group=one.group is not None,
                held_nano_nats=min(one.cap_nano_nats, one.block_nano_nats),
            )
        self._groups = _groups_of(seats)

    def token_drawn(self) -> None:
        self._drawn += 1

    def left_nats(self, label: str) -> float:
        """What the seat may move at the next token at most; 0 puts it out from this token on."""
        self._stop_denied()
        held = self._seats[label]
        if not (held.refused or held.stopped):
            self._hold_enough(label, held)
        left = held.held_nano_nats - held.spent_nano_nats - held.rounding_nano_nats
        if held.refused or held.stopped or left < (held.token_charge_nano_nats or 0):
            return 0.0
        return max(left, 0) / NANO

    def spend(self, label: str, nats: float) -> None:
        held = self._seats[label]
        held.spent_nats += nats
        held.charged_tokens += 1

    def spent_nano_nats(self, label: str) -> int:
        """Rounded up once, over the whole answer so far; a member of a group has its part of the group's."""
        group = self._groups.get(label)
        if group is None:
            return self._seats[label].spent_nano_nats
        return group.parts({name: held.spent_nats for name, held in self._seats.items()})[label]

    def all_refused(self) -> frozenset[str]:
        """Seats whose budget ended in mid-answer."""
        return frozenset(label for label, held in self._seats.items() if held.refused)

    def all_stopped(self) -> dict[str, Stopped]:
        """Seats that may no longer speak by policy or agreement."""
        return {label: held.stopped for label, held in self._seats.items() if held.stopped is not None}

    def _stop_denied(self) -> None:
        if self._asked_before == self._drawn:
            return
        self._asked_before = self._drawn
        speaking = frozenset(
            label for label, held in self._seats.items() if not (held.refused or held.stopped)
        )
        for label, deny in self.denied(speaking).items():
            stopped = Stopped(deny.rule, deny.reason, self._drawn, self.now())
            self._seats[label].stopped = stopped
            self.stopped(label, stopped)

    def _hold_enough(self, label: str, held: _Held) -> None:
        """Blocks until the next token is covered, the cap is reached or a budget refuses."""
        needed = self._needed_nano_nats(held)
        while held.held_nano_nats - held.spent_nano_nats < needed and self._grow(label, held):
            continue

    def _needed_nano_nats(self, held: _Held) -> int:
        """What the next token may use at most: its public charge, or twice its even share of the rest."""
        if held.token_charge_nano_nats is not None:
            return held.token_charge_nano_nats
        left = held.cap_nano_nats - held.spent_nano_nats
        return min(left, -(-2 * left // self._tokens_left()))

    def _grow(self, label: str, held: _Held) -> bool:
        """One block more; False at the cap, or where a budget refuses."""
        block = min(held.block_nano_nats, held.cap_nano_nats - held.held_nano_nats)
        if block == 0:
            return False
        if not self.top_up(label, block):
            held.refused = True
            self.refused(label)
            return False
        held.held_nano_nats += block
        return True

    def _tokens_left(self) -> int:
        return max(self.max_tokens - self._drawn, 1)


def _groups_of(seats: Sequence[Seat]) -> dict[str, GroupSpending]:
    """Seats that share one; a public charge is a source's own, whatever resembles it."""
    members: dict[int, list[str]] = defaultdict(list)
    for one in seats:
        if one.group is not None and one.token_charge_nano_nats is None:
            members[one.group].append(one.slug)
    return {
        label: group for labels in members.values() for group in [GroupSpending(labels)] for label in labels
    }
