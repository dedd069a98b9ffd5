"""Clauses that are constraints: of the permission where they allow, of a prohibition where they deny."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.policy.odrl.forms.base import (
    Form,
    Keys,
    Operand,
    at,
    checked,
    many,
    ours,
    short,
    single,
    unit_of,
)
from marketplace.policy.odrl.rules import Condition, Findings, Rules, taken
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import NUMBER, Codec, Iri, Named


@dataclass(frozen=True, slots=True)
class Limit(Form):
    """Single values compared with one operand: which key the value has follows from the operator."""

    operand: Operand
    slots: Mapping[str, Keys]  # by the operator
    codec: Codec
    unit: Term | None = None
    values: tuple[Term, ...] = ()  # what the codec's words are called in the profile

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(keys[0] for keys in self.slots.values())

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*ours(self.operand, self.unit), *self.values)

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        for operator, keys in self.slots.items():
            value = at(plain, keys)
            if value is not None:
                right = (self.codec.write(value),)
                rules.conditions.append(Condition(short(self.operand), operator, right, unit_of(self.unit)))

    def read(self, rules: Rules, found: Findings) -> None:
        for one in taken(rules.conditions, lambda one: one.left == short(self.operand)):
            if not checked(one, self.slots, self.unit, found):
                continue
            keys = self.slots[one.operator]
            if found.has(keys):
                found.problem(one.path, f"'{one.left}' with '{one.operator}' is there already.")
            elif (value := single(one, self.codec, found)) is not None:
                found.put(keys, value, one.path)


@dataclass(frozen=True, slots=True)
class Members(Form):
    """A list of words as a set: who or what is allowed, and in a prohibition of its own what is denied.

    Without `nobody`, an absent list allows everything, as in ODRL; with it, an absent or empty list allows
    nothing, which that name says. `anybody` is the word for everything, which alone needs no constraint.
    """

    operand: Operand
    codec: Named
    allow: Keys | None
    deny: Keys | None = None
    nobody: Term | None = None
    anybody: str | None = None
    values: tuple[Term, ...] = ()
    operator: str = "isAnyOf"

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(keys[0] for keys in (self.allow, self.deny) if keys is not None)

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*ours(self.operand, self.nobody), *self.values)

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        if self.allow is not None:
            rules.conditions.extend(self._allowed(at(plain, self.allow)))
        denied = at(plain, self.deny) if self.deny is not None else None
        if denied:
            rules.prohibitions.append(self._condition(denied))

    def _allowed(self, words: list[str] | None) -> Iterator[Condition]:
        if not words and self.nobody is not None:
            yield Condition(short(self.operand), self.operator, (Iri(self.nobody.short),))
        elif words and words != [self.anybody]:
            yield self._condition(words)

    def _condition(self, words: list[str]) -> Condition:
        right = tuple(self.codec.write(word) for word in words)
        return Condition(short(self.operand), self.operator, right)

    def read(self, rules: Rules, found: Findings) -> None:
        for keys, conditions in ((self.allow, rules.conditions), (self.deny, rules.prohibitions)):
            if keys is not None:
                for one in taken(conditions, lambda one: one.left == short(self.operand)):
                    self._read(one, keys, found)
        if self.anybody is not None and self.allow is not None and not found.has(self.allow):
            found.put(self.allow, [self.anybody], "$.permission")

    def _read(self, one: Condition, keys: Keys, found: Findings) -> None:
        if not checked(one, (self.operator,), None, found):
            return
        if found.has(keys):
            found.problem(one.path, f"'{one.left}' is there already; name all in one list.")
            return
        if keys == self.allow and self.nobody is not None and one.right == (Iri(self.nobody.short),):
            found.put(keys, [], one.path)
            return
        words = many(one, self.codec, found)
        if keys == self.allow and self.anybody is not None and words == [self.anybody]:
            found.problem(f"{one.path}.rightOperand", "Leave the constraint out: then this holds for all.")
        else:
            found.put(keys, words, one.path)


@dataclass(frozen=True, slots=True)
class Forbidden(Form):
    """A single value that prohibits use where it holds."""

    operand: Operand
    operator: str
    place: Keys
    codec: Codec
    values: tuple[Term, ...] = ()

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.place[0]})

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*ours(self.operand), *self.values)

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        value = at(plain, self.place)
        if value is not None:
            rules.prohibitions.append(
                Condition(short(self.operand), self.operator, (self.codec.write(value),))
            )

    def read(self, rules: Rules, found: Findings) -> None:
        for one in taken(rules.prohibitions, lambda one: one.left == short(self.operand)):
            if not checked(one, (self.operator,), None, found):
                continue
            if found.has(self.place):
                found.problem(one.path, f"'{one.left}' is there already.")
            elif (value := single(one, self.codec, found)) is not None:
                found.put(self.place, value, one.path)


@dataclass(frozen=True, slots=True)
class Series(Form):
    """A list of objects, each a constraint: one key has the number, the others name what is meant."""

    operand: Term
    place: Keys
    number: str
    name: Term
    named: tuple[str, ...]  # the keys whose words, joined, are the value of the property
    unit: Term
    values: tuple[Term, ...]

    @property
    def keys(self) -> frozenset[str]:
        return frozenset({self.place[0]})

    @property
    def terms(self) -> tuple[Term, ...]:
        return (self.operand, self.name, self.unit, *self.values)

    def write(self, plain: Mapping[str, Any], rules: Rules) -> None:
        for row in at(plain, self.place) or []:
            named = Iri("abc:" + "-".join(row[key] for key in self.named))
            right = (NUMBER.write(row[self.number]),)
            properties = ((self.name.short, named),)
            rules.conditions.append(Condition(self.operand.short, "lteq", right, self.unit.short, properties))

    def read(self, rules: Rules, found: Findings) -> None:
        rows = []
        for one in taken(rules.conditions, lambda one: one.left == self.operand.short):
            words = self._words(one)
            if words is None:
                known = ", ".join(value.short for value in self.values)
                found.problem(one.path, f"'{self.name.short}' must be one of {known}.")
            elif checked(one, ("lteq",), self.unit, found, properties=(self.name.short,)):
                number = single(one, NUMBER, found)
                rows.append({**words, self.number: number})
                found.origins[f"$.{'.'.join(self.place)}[{len(rows) - 1}]"] = one.path
        if rows:
            found.put(self.place, rows, found.origins[f"$.{'.'.join(self.place)}[0]"])

    def _words(self, one: Condition) -> dict[str, str] | None:
        values = [value for name, value in one.properties if name == self.name.short]
        value = values[0] if len(values) == 1 else None
        if not isinstance(value, Iri) or value.name not in {term.short for term in self.values}:
            return None
        return dict(zip(self.named, value.name.removeprefix("abc:").split("-"), strict=True))
