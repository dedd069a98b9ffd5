"""Exact splits of an integer: no unit is lost, none appears.

Step of the way: settle (what a group or a set of members earned together is divided here). It must not know
what is divided.
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
