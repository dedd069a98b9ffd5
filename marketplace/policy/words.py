"""How names and terms stand in a sentence."""

from collections.abc import Iterable, Sequence


def listed(names: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def quoted(slugs: Iterable[str]) -> list[str]:
    return [f"'{slug}'" for slug in sorted(slugs)]


def without(names: Sequence[str]) -> str:
    """`, except a and b`, or nothing."""
    return f", except {listed(names)}" if names else ""
