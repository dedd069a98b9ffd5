"""Bars of a small chart as numbers for an inline SVG; the table beside it says the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 160
GAP = 4


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """A rectangle, and where its label stands."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


def bars(values: Sequence[Bar]) -> list[Drawn]:
    """The tallest fills the height; a value above zero is always seen."""
    most = max((bar.value for bar in values), default=0)
    step = WIDTH / max(len(values), 1)
    return [_drawn(bar, number * step, step - GAP, most) for number, bar in enumerate(values)]


def _drawn(bar: Bar, x: float, width: float, most: int) -> Drawn:
    height = max(HEIGHT * bar.value / most, 2.0) if bar.value else 0.0
    return Drawn(
        round(x, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1), bar.label, bar.value
    )
