"""One question to the books: SQL whose every row names something that breaks a rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """`sql` gives one column, the id of what breaks; `subject` says of what kind it is.

    NUMBERS(x) in it stands for the rows of a JSON list.
    """

    rule: int
    subject: str
    what: str
    sql: str


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule broken at one place. Rule 0 stands for a guard of the database that is missing."""

    rule: int
    subject: str
    what: str

    def __str__(self) -> str:
        name = f"rule {self.rule}" if self.rule else "guard"
        return f"{name}: {self.subject}: {self.what}"
