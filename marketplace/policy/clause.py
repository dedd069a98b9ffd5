"""What a clause is: one condition or one limit of a policy, read, judged, said and checked by itself.

A kind of clause is a frozen class below `kinds/` and one line in `kinds/__init__.py`. Everything else (the
plain form, the verdict, its explanation, the sentences, the contradictions) loops over the kinds.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from marketplace.policy.odrl.forms import Form
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Limits, Request

if TYPE_CHECKING:
    from marketplace.policy.policy import Policy


class Clause(ABC):
    """What every kind knows. A policy that does not mention a kind has its clause all the same, as absent."""

    __slots__ = ()

    kind: ClassVar[str]
    terms: ClassVar[tuple[str, ...]]  # the keys of the plain form that belong to it alone
    forms: ClassVar[tuple[Form, ...]]  # what those keys are in ODRL, both ways

    @classmethod
    @abstractmethod
    def read(cls, reader: Reader) -> Self:
        """The clause as the plain form has it; what is wrong becomes a problem of the reader.

        It looks at nothing but its own terms; without any of them nothing is wrong.
        """

    @classmethod
    @cache
    def absent(cls) -> Self:
        """The clause of a policy that does not mention the kind: one for all of them."""
        return cls.read(Reader({}, "$", []))

    @abstractmethod
    def sentences(self) -> Iterable[str]:
        """What it says, for an owner; nothing where it is absent."""

    def verify(self, request: Request) -> Allow | Deny:
        return YES

    def parties(self) -> Iterable[tuple[str, str]]:
        """The consumers that it names, each with its place."""
        return ()

    def values(self, request: Request) -> Mapping[str, Any]:
        """What of the request and of itself decides, as JSON: for the owner, who may see all of it."""
        return {}

    def no(self, request: Request, reason: str) -> Deny:
        return Deny(self.kind, reason, self.values(request))

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        """The fields of a yes's limits that it sets, whoever asks; `so_far` has those of earlier kinds."""
        return {}

    def limits_for(self, so_far: Limits, request: Request) -> Limits:
        """What it adds for the one who asks."""
        return so_far

    def contradictions(self, policy: "Policy") -> Iterable[Problem]:
        """What it must not say, by itself or beside the other clauses."""
        return ()
