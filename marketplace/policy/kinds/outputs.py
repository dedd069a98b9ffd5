"""What may come out: whether passages may be quoted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from marketplace.policy.clause import Clause
from marketplace.policy.reader import Reader
from marketplace.policy.request import Limits


@dataclass(frozen=True, slots=True)
class Outputs(Clause):
    """Quoting is a disclosure of its own, so it has a permission of its own."""

    quote: bool

    kind = "output"
    terms = ("quote",)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.flag("quote"))

    def limits(self, so_far: Limits) -> Limits:
        return replace(so_far, quote=self.quote)

    def sentences(self) -> Iterator[str]:
        yield "Its passages may be quoted." if self.quote else "Its passages are never shown."
