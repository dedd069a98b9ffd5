"""What the budgets of a source are called, in requests and in refusals: names and words, nothing else.

A refusal names the class of a budget and never an amount: what is left is its owner's to know.
"""

from collections.abc import Iterator
from typing import Any

from marketplace.policy.request import Limits, Mode
from marketplace.policy.windows import Window

LIFETIME = "lifetime"
PRIVACY = "privacy"
ANSWER = "answer"


def names(limits: Limits) -> tuple[str, ...]:
    """Every budget that a policy with these limits has an account for."""
    private = (PRIVACY,) if limits.privacy is not None else ()
    return (LIFETIME, *private, *(window.key for window in limits.all_windows))


def of_consumer(name: str, consumer: str) -> str:
    """The part of a window budget that is one consumer's."""
    return f"{name}:{consumer}"


def counted(limits: Limits, mode: Mode, consumer: str) -> Iterator[tuple[str, str]]:
    """Every name under which an answer for this consumer could be paused, with the words for it."""
    yield LIFETIME, "its lifetime budget"
    if mode == "private":
        yield PRIVACY, "its privacy budget"
    for window in limits.all_windows:
        yield window.key, words(window)
        if window.consumers == "each":
            yield of_consumer(window.key, consumer), words(window)


def for_owners(name: str, consumer: str | None) -> str:
    """`lifetime budget`, `budget of buyer in a day (UTC)`: any budget by its name."""
    if "-" not in name:
        return f"{name} budget"
    window = by_name(name)
    everybody = "all organisations" if window.consumers == "all" else "one organisation"
    return f"budget of {consumer or everybody} in {window.stretch}"


def by_name(name: str) -> Window:
    """The window that a name stands for, without its limit."""
    parts: Any = (*name.split("-"), 0)
    return Window(*parts)


def words(window: Window) -> str:
    whose = "all organisations" if window.consumers == "all" else "your organisation"
    return f"its budget for {whose} in {window.stretch}"
