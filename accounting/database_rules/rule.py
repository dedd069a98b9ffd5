"""One rule of the database: a table, an event, and the steps that run when it happens. Values only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the row when `when` is true."""

    when: str
    message: str
    only_on: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """Run `sql` beside the row."""

    sql: str
    only_on: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """`only_when` spares all other rows the whole rule; `about` tells two rules of one event apart.

    A rule that `steps_aside` is kept by the server functions of PostgreSQL themselves (functions/), which
    move the totals of a whole answer at once; it meets every other writer.
    """

    table: str
    event: str  # INSERT (steps run after the row is in), UPDATE, DELETE (before)
    steps: tuple[Refuse | Effect, ...]
    about: str = ""
    only_when: str = ""
    steps_aside: bool = False

    @property
    def name(self) -> str:
        about = f"_{self.about}" if self.about else ""
        return f"{self.table}_{self.event.lower()}{about}_rule"

    def steps_on(self, vendor: str) -> list[Refuse | Effect]:
        return [step for step in self.steps if step.only_on in {"", vendor}]
