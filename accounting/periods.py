"""The month of a statement, in UTC: from its first instant on, up to and without the first of the next.

Pure values. Whether a month can be stated yet is decided by whoever knows what time it is.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from accounting.errors import Invalid

_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})")
EARLIEST, LATEST = 2000, 9998


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2026-11`, and nothing else."""
        found = _WRITTEN.fullmatch(text)
        if found is not None:
            year, number = int(found[1]), int(found[2])
            if EARLIEST <= year <= LATEST and 1 <= number <= 12:
                return cls(year, number)
        raise Invalid(
            f"'{text[:20]}' is not a month.",
            code="invalid_month",
            next_step="Write the month as YYYY-MM, for example 2026-11.",
        )

    @classmethod
    def of(cls, moment: datetime) -> Self:
        moment = moment.astimezone(UTC)
        return cls(moment.year, moment.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def since(self) -> datetime:
        return datetime(self.year, self.number, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        return self.next.since

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)
