"""What clients knew, written down as they knew it: what they were about to ask, and what they were told.

One line is one write call, so that a client killed with SIGKILL leaves only whole lines. Reading turns the
lines of all clients into one `Story` per hold.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Journal:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(self, what: str, hold: object = "", **values: Any) -> None:
        os.write(self._file, (json.dumps({"what": what, "hold": str(hold), **values}) + "\n").encode())


@dataclass
class Story:
    """One hold as its client knew it. `asked` is what it wanted to do, the others what it was told."""

    asked: dict[str, Any] = field(default_factory=dict)
    placed: dict[str, Any] | None = None
    refused: bool = False
    topped: dict[str, int] = field(default_factory=dict)
    perhaps_topped: dict[str, list[int]] = field(default_factory=dict)
    marks: list[dict[str, Any]] = field(default_factory=list)
    marked: int = 0
    settling: dict[str, Any] | None = None
    settled: dict[str, Any] | None = None
    voiding: bool = False
    voided: bool = False

    def take(self, line: dict[str, Any]) -> None:
        match line["what"]:
            case "asking":
                self.asked = line
            case "placed" | "settling" | "settled" as noted:
                setattr(self, noted, line)
            case "refused" | "voiding" | "voided" as noted:
                setattr(self, noted, True)
            case "marking":
                self.marks.append(line)
            case "marked":
                self.marked = len(self.marks)
            case "topping" | "topped":
                self._top_up(line)

    def _top_up(self, line: dict[str, Any]) -> None:
        label = line["label"]
        if line["what"] == "topping":
            self.perhaps_topped.setdefault(label, []).append(line["nats"])
        else:
            amount = self.perhaps_topped[label].pop()
            self.topped[label] = self.topped.get(label, 0) + (amount if line["yes"] else 0)


@dataclass
class Told:
    stories: dict[str, Story] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


def read(paths: Iterable[Path]) -> Told:
    told = Told()
    for path in paths:
        for line in path.read_text().splitlines():
            _take(told, json.loads(line))
    return told


def _take(told: Told, line: dict[str, Any]) -> None:
    what = line["what"]
    told.counts[what] = told.counts.get(what, 0) + 1
    if what == "error":
        told.errors.append(line["text"])
    if line["hold"]:
        told.stories.setdefault(line["hold"], Story()).take(line)
