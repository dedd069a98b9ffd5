"""Every term of the profile: what the kinds of clauses define, and the purposes of the taxonomy."""

from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.policy import kinds
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.writing import TRAIN_OTHERS
from marketplace.policy.purposes import PURPOSES


def terms() -> list[Term]:
    """Each once, in the order of the kinds."""
    found: dict[str, Term] = {TRAIN_OTHERS.name: TRAIN_OTHERS}
    for kind in kinds.KINDS:
        for form in kind.forms:
            for term in form.terms:
                if found.setdefault(term.name, term) != term:
                    raise ValueError(f"The term '{term.name}' is defined twice, differently.")
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Concept:
    """A purpose as the profile names it."""

    short: str
    label: str
    broader: str | None


def purposes() -> Iterator[Concept]:
    for purpose in PURPOSES.values():
        broader = None if purpose.parent is None else f"abc-purpose:{purpose.parent}"
        yield Concept(f"abc-purpose:{purpose.slug}", purpose.title, broader)
