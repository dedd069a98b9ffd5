"""One term that a text states about its own use, and the draft of a clause that says the same: values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Vocabulary = Literal["aipref", "rsl"]
Verdict = Literal["forbids", "permits", "condition", "unknown", "unreadable"]

MOST_STATEMENT = 500
NOBODY: Mapping[str, Any] = {"consumers": {"allow": []}}


@dataclass(frozen=True, slots=True)
class Term:
    """`draft` is a fragment of the plain form; empty where no clause says what the term says."""

    vocabulary: Vocabulary
    statement: str
    verdict: Verdict
    sentence: str
    draft: Mapping[str, Any] = field(default_factory=dict)
    forbids_training: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A term in its document; lines are counted from 1."""

    term: Term
    line: int


def unknown(vocabulary: Vocabulary, statement: str, what: str) -> Term:
    sentence = f"{what} is not known here. Read the statement and decide whether it concerns this source."
    return Term(vocabulary, shortened(statement), "unknown", sentence)


def unreadable(vocabulary: Vocabulary, statement: str, why: str) -> Term:
    sentence = f"This states terms that could not be read: {why}. Read the text and decide what it asks for."
    return Term(vocabulary, shortened(statement), "unreadable", sentence)


def shortened(statement: str) -> str:
    """On one line, and not longer than a statement may be."""
    words = " ".join(statement.split())
    return words if len(words) <= MOST_STATEMENT else f"{words[: MOST_STATEMENT - 1]}…"
