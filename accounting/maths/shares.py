"""Exact splits of an integer: no unit is lost, none appears.

Step of the way: settle (what a group or a set of members earned together is divided here), and every page
that shows shares of a whole. It must not know what is divided.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite


def largest_remainder(total: int, weights: Sequence[int | float | Fraction]) -> list[int]:
    """Split ``total`` (any integer unit) in proportion to weights >= 0; the parts sum to it exactly.

    Hamilton's method: part_i = floor(total w_i / W), and the units left over go to the largest remainders,
    earlier places first among equals. Fractions keep it exact. If all weights are 0 the split is even.
    (Balinski and Young, Fair Representation, 1982, ch. 3.)
    """
    if total < 0 or not weights or any(not isfinite(weight) or weight < 0 for weight in weights):
        raise ValueError("a total >= 0 and finite weights >= 0 are needed")
    exact = [Fraction(weight) for weight in weights]
    whole = sum(exact)
    if whole == 0:
        exact, whole = [Fraction(1)] * len(exact), Fraction(len(exact))
    ideal = [total * weight / whole for weight in exact]
    parts = [part.numerator // part.denominator for part in ideal]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - ideal[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


def growing_split(total: int, weights: Sequence[int | float | Fraction], before: Sequence[int]) -> list[int]:
    """The same for a whole that grows: the parts sum to it exactly and none is below what it was `before`.

    What is new goes to whoever lies behind the exact share, in proportion to how far. Splitting anew at every
    step could take a unit back that a watermark has stored already: no rule that keeps every part within one
    unit of its share can also grow in every part. This one gives nobody more than the exact share of the
    total of that step, rounded up.
    """
    if len(before) != len(weights) or any(part < 0 for part in before) or sum(before) > total:
        raise ValueError("a part >= 0 for every weight is needed, within the total")
    if not any(before):
        return largest_remainder(total, weights)
    whole = sum(Fraction(weight) for weight in weights)
    shares = [total * Fraction(weight) / whole if whole else Fraction(0) for weight in weights]
    behind = [max(Fraction(0), share - part) for share, part in zip(shares, before, strict=True)]
    added = largest_remainder(total - sum(before), behind)
    return [part + more for part, more in zip(before, added, strict=True)]
