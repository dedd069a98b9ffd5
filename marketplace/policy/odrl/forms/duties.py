"""Clauses that are duties of the one who uses: to name the source, to ask first, to pay."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marketplace.policy.odrl.forms.base import Form, Keys, Operand, at, checked, ours, short, single
from marketplace.policy.odrl.rules import Condition, Duty, Findings, Rules, taken
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import NUMBER, TEXT, Codec, Named


@dataclass(frozen=True, slots=True)
class TextDuty(Form):
    """A duty whose action carries one text."""

    action: str
    operand: Term
    place: Keys

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.place[0]})

    @property
    def terms(self) -> tuple[Term, ...]:
        return (self.operand,)

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        text = at(plain, self.place)
        if text is not None:
            refinement = Condition(self.operand.short, "eq", (TEXT.write(text),))
            rules.duties.append(Duty(self.action, (refinement,)))

    def read(self, rules: Rules, found: Findings) -> None:
        for duty in taken(rules.duties, lambda duty: duty.action == self.action):
            known = [one for one in duty.refinements if one.left == self.operand.short]
            if duty.conditions or len(known) != 1 or len(duty.refinements) != 1:
                found.problem(
                    duty.path,
                    f"'{self.action}' has one refinement here, '{self.operand.short}', and no more.",
                )
            elif found.has(self.place):
                found.problem(duty.path, f"The duty '{self.action}' is there already.")
            elif checked(known[0], ("eq",), None, found):
                text = single(known[0], TEXT, found)
                if text is not None:
                    found.put(self.place, text, known[0].path)


@dataclass(frozen=True, slots=True)
class BareDuty(Form):
    """A duty without more: it is there, which is one word of the plain form, or it is not."""

    action: str
    place: Keys
    word: str

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.place[0]})

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        if at(plain, self.place) == self.word:
            rules.duties.append(Duty(self.action))

    def read(self, rules: Rules, found: Findings) -> None:
        for duty in taken(rules.duties, lambda duty: duty.action == self.action):
            if duty.conditions or duty.refinements:
                found.problem(duty.path, f"'{self.action}' stands alone here: for every use, without more.")
            elif found.has(self.place):
                found.problem(duty.path, f"The duty '{self.action}' is there already.")
            else:
                found.put(self.place, self.word, duty.path)


@dataclass(frozen=True, slots=True)
class Compensation(Form):
    """What is paid: one duty for everybody, and one more for each price that holds for some only.

    `amounts` are its refinements, by the key of the plain form. The first of them is the one that the others'
    prices have too; `conditions` are what those are for. Their order matters, so each has its `rank`.
    """

    amounts: Mapping[str, tuple[Operand, Term]]
    place: Keys
    conditions: Mapping[str, tuple[Operand, Named]]
    rank: Term
    action: str = field(default="compensate")

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({*self.amounts, self.place[0]})

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*ours(*(one for pair in self.amounts.values() for one in pair)), self.rank)

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        base = tuple(self._amount(key, plain[key]) for key in self.amounts if plain.get(key) is not None)
        if base:
            rules.duties.append(Duty(self.action, base))
        for number, row in enumerate(at(plain, self.place) or [], start=1):
            rank = Condition(self.rank.short, "eq", (NUMBER.write(number),))
            conditions = tuple(
                Condition(short(operand), "eq", (codec.write(row[key]),))
                for key, (operand, codec) in self.conditions.items()
                if row.get(key) is not None
            )
            rules.duties.append(
                Duty(self.action, (self._amount(self._price, row[self._price]), rank), conditions)
            )

    @property
    def _price(self) -> str:
        return next(iter(self.amounts))

    def _amount(self, key: str, value: float) -> Condition:
        operand, unit = self.amounts[key]
        return Condition(short(operand), "eq", (NUMBER.write(value),), unit.short)

    def read(self, rules: Rules, found: Findings) -> None:
        ranked: list[tuple[int, dict[str, Any], str]] = []
        for duty in taken(rules.duties, lambda duty: duty.action == self.action):
            if any(one.left == self.rank.short for one in duty.refinements) or duty.conditions:
                row = self._row(duty, found)
                if row is not None:
                    ranked.append((row.pop(self.rank.name), row, duty.path))
            else:
                self._base(duty, found)
        self._put(sorted(ranked, key=lambda one: one[0]), found)

    def _put(self, ranked: list[tuple[int, dict[str, Any], str]], found: Findings) -> None:
        if [rank for rank, _, _ in ranked] != list(range(1, len(ranked) + 1)):
            sentence = f"'{self.rank.short}' must number these prices from 1 on, each number once."
            found.problem(ranked[0][2], sentence)
        elif ranked:
            found.put(self.place, [row for _, row, _ in ranked], ranked[0][2])
            for number, (_, _, path) in enumerate(ranked):
                found.origins[f"$.{'.'.join(self.place)}[{number}]"] = path

    def _base(self, duty: Duty, found: Findings) -> None:
        keys = {short(operand): key for key, (operand, _) in self.amounts.items()}
        if any(found.has((key,)) for key in self.amounts):
            found.problem(duty.path, f"'{self.action}' for everybody is there already; name all in one duty.")
            return
        if not duty.refinements:
            found.problem(duty.path, f"'{self.action}' needs what is paid: {', '.join(keys)}.")
        for one in duty.refinements:
            key = keys.get(one.left)
            if key is None:
                found.problem(one.path, f"'{one.left}' is not known here. Known: {', '.join(keys)}.")
            elif checked(one, ("eq",), self.amounts[key][1], found):
                if found.has((key,)):
                    found.problem(one.path, f"'{one.left}' is there already.")
                elif (value := single(one, NUMBER, found)) is not None:
                    found.put((key,), value, one.path)

    def _row(self, duty: Duty, found: Findings) -> dict[str, Any] | None:
        """The price of some: its number, whom and what it is for, and its rank."""
        operand, unit = self.amounts[self._price]
        readers = {
            short(operand): (self._price, NUMBER, unit),
            self.rank.short: (self.rank.name, NUMBER, None),
        }
        conditions = {short(one): (key, codec, None) for key, (one, codec) in self.conditions.items()}
        row: dict[str, Any] = {}
        before = len(found.problems)
        for known, parts in ((readers, duty.refinements), (conditions, duty.conditions)):
            for one in parts:
                self._into(row, one, known, found)
        missing = [name for name, (key, *_) in readers.items() if key not in row]
        if missing and len(found.problems) == before:
            found.problem(duty.path, f"A price for some only needs {' and '.join(missing)}.")
        return row if len(found.problems) == before else None

    def _into(
        self,
        row: dict[str, Any],
        one: Condition,
        known: Mapping[str, tuple[str, Codec, Term | None]],
        found: Findings,
    ) -> None:
        if one.left not in known:
            found.problem(one.path, f"'{one.left}' is not known here. Known: {', '.join(known)}.")
            return
        key, codec, unit = known[one.left]
        if key in row:
            found.problem(one.path, f"'{one.left}' is there already.")
        elif checked(one, ("eq",), unit, found):
            row[key] = single(one, codec, found)
