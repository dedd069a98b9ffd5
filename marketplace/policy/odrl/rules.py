"""A policy between JSON-LD and the plain form: what it permits, on what conditions and duties, and prohibits.

Forms take out of it what is theirs; what nobody takes is a problem with its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from marketplace.policy.odrl.values import Value
from marketplace.policy.problems import Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Condition:
    """A constraint or a refinement. `properties` are those of our profile beside ODRL's own."""

    left: str
    operator: str
    right: tuple[Value, ...]
    unit: str | None = None
    properties: tuple[tuple[str, Value], ...] = ()
    path: str = "$"


@dataclass(frozen=True, slots=True)
class Duty:
    action: str
    refinements: tuple[Condition, ...] = ()
    conditions: tuple[Condition, ...] = ()
    path: str = "$"


@dataclass(slots=True)
class Rules:
    """`conditions` and `duties` of the one permission; each of `prohibitions` forbids use where it holds."""

    conditions: list[Condition] = field(default_factory=list)
    prohibitions: list[Condition] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)


def taken(items: list[T], wanted: Callable[[T], bool]) -> Iterator[T]:
    """Those that are wanted, which are then gone from the list."""
    found = [item for item in items if wanted(item)]
    items[:] = [item for item in items if not wanted(item)]
    yield from found


@dataclass(slots=True)
class Findings:
    """The plain form as it comes together, where each part of it stood, and what is wrong."""

    plain: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def put(self, keys: tuple[str, ...], value: object, path: str) -> None:
        inner = self.plain
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = value
        self.origins[".".join(("$", *keys))] = path

    def has(self, keys: tuple[str, ...]) -> bool:
        inner: Any = self.plain
        for key in keys:
            if not isinstance(inner, dict) or key not in inner:
                return False
            inner = inner[key]
        return True

    def problem(self, path: str, sentence: str) -> None:
        self.problems.append(Problem(path, sentence))

    def origin(self, plain_path: str) -> str:
        """Where in the document stood what the plain form has at this path: the nearest known place."""
        path = plain_path
        while path:
            if path in self.origins:
                return self.origins[path]
            below = sorted(one for one in self.origins if one.startswith((f"{path}.", f"{path}[")))
            if below and path != "$":
                return self.origins[below[0]]
            path = path.rpartition(".")[0] if not path.endswith("]") else path.rpartition("[")[0]
        return "$"
