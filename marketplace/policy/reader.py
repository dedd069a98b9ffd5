"""Reads one JSON object strictly: unknown keys and wrong types become problems, never guesses.

A value that could not be read counts as absent, so that one pass finds every problem. Numbers of nats become
whole nano-nats, rounded down: a limit is never wider than what its owner wrote.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from marketplace.policy.problems import UNKNOWN_TERM, Problem
from marketplace.policy.purposes import ANY
from marketplace.policy.request import NANO

MOST_NATS = 10**9  # fits a 64-bit count of nano-nats with room to spare
MOST_MICRO_USD = 10**12


@dataclass(frozen=True, slots=True)
class Reader:
    """One object of the policy at `path`; problems of all readers go to one list."""

    values: Mapping[str, Any]
    path: str
    problems: list[Problem]

    def problem(self, key: str, sentence: str, code: str = "invalid_value") -> None:
        self.problems.append(Problem(_sayable(f"{self.path}.{key}"), _sayable(sentence), code))

    def only(self, known: Sequence[str]) -> None:
        for key in self.values:
            if key not in known:
                self.problem(
                    str(key), f"This term is not known. Known here: {', '.join(known)}.", UNKNOWN_TERM
                )

    def child(self, key: str, known: Sequence[str]) -> "Reader | None":
        """The object under `key`, or None where it is absent or null."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.problem(key, "This must be an object.")
            return None
        reader = Reader(value, f"{self.path}.{key}", self.problems)
        reader.only(known)
        return reader

    def children(self, key: str, known: Sequence[str]) -> "list[Reader]":
        """The objects of the list under `key`; none where it is absent or null."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(key, "This must be a list of objects.")
            return []
        readers = []
        for number, one in enumerate(value):
            if isinstance(one, Mapping):
                readers.append(Reader(one, f"{self.path}.{key}[{number}]", self.problems))
                readers[-1].only(known)
            else:
                self.problem(f"{key}[{number}]", "This must be an object.")
        return readers

    def choice(self, key: str, known: Sequence[str]) -> str | None:
        """One of the known words; it cannot be left out."""
        value = self.values.get(key)
        if not isinstance(value, str) or value not in known:
            self.problem(key, f"This must be one of {', '.join(known)}.")
            return None
        return value

    def number(self, key: str, *, low: float, high: float, open_low: bool = False) -> float | None:
        """A finite number within [low, high] (or (low, high])."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problem(key, "This must be a number.")
            return None
        if isinstance(value, float) and not math.isfinite(value):
            self.problem(key, "This must be a finite number.")
            return None
        if not (low < value if open_low else low <= value) or value > high:
            least = "more than" if open_low else "at least"
            self.problem(key, f"This must be {least} {low:g} and at most {high:g}.")
            return None
        return float(value)

    def nano_nats(self, key: str, *, open_low: bool = False) -> int | None:
        """A number of nats as whole nano-nats, rounded down."""
        if self.number(key, low=0, high=MOST_NATS, open_low=open_low) is None:
            return None
        return int(Decimal(str(self.values[key])) * NANO)

    def micro_usd(self, key: str) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem(key, "This must be a whole number of micro-USD.")
            return None
        if not 0 <= value <= MOST_MICRO_USD:
            self.problem(key, f"This must be at least 0 and at most {MOST_MICRO_USD} micro-USD.")
            return None
        return value

    def whole(self, key: str, *, low: int, high: int) -> int | None:
        """A whole number within [low, high]."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.problem(key, "This must be a whole number.")
            return None
        if not low <= value <= high:
            self.problem(key, f"This must be at least {low} and at most {high}.")
            return None
        return value

    def line(self, key: str, *, longest: int) -> str | None:
        """One line of text that is not empty."""
        value = self.values.get(key)
        if value is None:
            return None
        if not is_line(value, longest):
            self.problem(key, f"This must be one line of 1 to {longest} printable characters.")
            return None
        return str(value)

    def lines(self, key: str, *, most: int, longest: int) -> tuple[str, ...]:
        """A list of different lines, in their order; empty where it is absent."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(is_line(one, longest) for one in value):
            self.problem(key, f"This must be a list of lines of 1 to {longest} printable characters.")
            return ()
        if len(value) > most:
            self.problem(key, f"This list may have at most {most} lines; it has {len(value)}.")
            return ()
        if len(set(value)) != len(value):
            self.problem(key, "This list names a line twice.")
        return tuple(value)

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self.problem(key, "This must be true or false.")
            return False
        return bool(value)

    def moment(self, key: str) -> datetime | None:
        value = self.values.get(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.problem(key, "This must be a moment like 2026-01-31T00:00:00Z.")
            return None
        if moment.tzinfo is None:
            self.problem(key, "This moment needs a time zone, for example a Z at its end.")
            return None
        return moment

    def terms(self, key: str) -> frozenset[str]:
        """A list of different, non-empty strings."""
        value = self.values.get(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(term, str) and term for term in value):
            self.problem(key, "This must be a list of terms.")
            return frozenset()
        if len(set(value)) != len(value):
            self.problem(key, "This list names a term twice.")
        return frozenset(value)

    def allow_deny(self, key: str) -> tuple[frozenset[str], frozenset[str]]:
        """The terms under `key` that are allowed and denied; nothing is allowed where it is absent."""
        child = self.child(key, ("allow", "deny"))
        if child is None:
            return frozenset(), frozenset()
        allow, deny = child.terms("allow"), child.terms("deny")
        if ANY in deny:
            child.problem("deny", "Denying everything is written as an empty allow list.")
        return allow, deny


def is_line(value: object, longest: int) -> bool:
    """Printable, and not only blanks: it can stand in a sentence and in an answer."""
    return (
        isinstance(value, str) and 0 < len(value) <= longest and value.isprintable() and bool(value.strip())
    )


def _sayable(text: str) -> str:
    """Half a surrogate pair can stand in JSON, but in no answer."""
    return text.encode("utf-8", "replace").decode()
