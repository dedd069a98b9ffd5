"""What a group of near-duplicates spent, as one, and each member's exact part of it in nano-nats.

A group is measured, capped and paid as one: its nats are rounded up once, not once a member, and divided by
largest remainder, so that the parts sum to the whole. Parts only grow, as watermarks do.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from accounting.maths.shares import growing_split
from accounting.maths.units import nano_nats_up


class GroupSpending:
    """The members of one group over one answer."""

    def __init__(self, members: Sequence[str]) -> None:
        self._members = tuple(members)
        self._parts = [0] * len(self._members)

    def parts(self, spent_nats: Mapping[str, float]) -> dict[str, int]:
        """Each member's nano-nats so far."""
        exact = [Fraction(spent_nats[member]) for member in self._members]
        total = nano_nats_up(sum(exact, Fraction(0)))
        if total > sum(self._parts):
            self._parts = growing_split(total, exact, self._parts)
        return dict(zip(self._members, self._parts, strict=True))
