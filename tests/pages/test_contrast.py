"""Whether people can read it: every pair of colours that meets on a page, in light and in dark (WCAG AA)."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

TEXT, EDGE = 4.5, 3.0
SURFACES = ("paper", "card", "well")
PAIRS = [
    *((ink, surface, TEXT) for ink in ("ink", "muted", "accent", "bad") for surface in SURFACES),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("accent", "accent-soft", TEXT),
    ("ink", "accent-soft", TEXT),
    ("muted", "accent-soft", TEXT),
    ("good", "good-soft", TEXT),
    ("warn", "warn-soft", TEXT),
    ("bad", "bad-soft", TEXT),
    ("ink", "good-soft", TEXT),
    ("ink", "warn-soft", TEXT),
    ("ink", "bad-soft", TEXT),
    ("card", "bad", TEXT),
    *(("edge", surface, EDGE) for surface in SURFACES),
    *((f"voter-{number}", "card", EDGE) for number in range(1, 7)),
]


def tokens() -> dict[str, tuple[str, str]]:
    path = finders.find("marketplace/app.css")
    assert path
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", Path(path).read_text())
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_that_meets_can_be_told_apart(scheme: int) -> None:
    colours = tokens()
    faint = [
        (front, back, round(contrast(colours[front][scheme], colours[back][scheme]), 2))
        for front, back, least in PAIRS
        if contrast(colours[front][scheme], colours[back][scheme]) < least
    ]
    assert faint == []
