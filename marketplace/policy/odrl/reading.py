"""JSON-LD to rules, strictly: what has no place here is a problem with its path, never passed over.

Accepts what says the same in other ways (one thing or a list of it, full or short names, a name as text or as
an object); what the profile fixes must stand there as it is fixed.
"""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from marketplace.policy.odrl.rules import Condition, Duty, Findings, Rules
from marketplace.policy.odrl.terms import ODRL_CONTEXT, PREFIX, Names, Place
from marketplace.policy.odrl.values import Iri, Literal, Node, Value
from marketplace.policy.odrl.writing import TRAIN_OTHERS

_TOP = ("@context", "@type", "uid", "profile", "conflict", "target", "assigner", "permission", "prohibition")
_NO_VALUE = "This is no value: a text, a number, true or false, or a name as {'@id': …}."
_SAME = {"@id": "uid", "type": "@type"}


def rules_of(document: object, place: Place, found: Findings) -> Rules:
    """What the document permits and prohibits, as far as it can be read."""
    return _Reader(place, found).policy(document)


class _Reader:
    def __init__(self, place: Place, found: Findings) -> None:
        self.place, self.found, self.names = place, found, Names(place.base)

    def policy(self, document: object) -> Rules:
        rules = Rules()
        parts = self._object(document, "$", _TOP)
        if parts is None:
            return rules
        self._fixed(parts)
        permissions = list(self._each(parts, "permission"))
        if len(permissions) != 1:
            self.found.problem("$.permission", "An offer has exactly one permission here, to use the source.")
        for value, path in permissions:
            self._permission(value, path, rules)
        for value, path in self._each(parts, "prohibition"):
            self._prohibition(value, path, rules)
        return rules

    def _fixed(self, parts: Mapping[str, tuple[Any, str]]) -> None:
        """What every offer of this source says in the same words."""
        place = self.place
        context, path = parts.get("@context", (None, "$.@context"))
        if context != [ODRL_CONTEXT, place.profile]:
            self.found.problem(path, f"The context must be [{ODRL_CONTEXT}, {place.profile}].")
        for key, wanted, needed in (
            ("@type", "Offer", True), ("profile", place.profile, True), ("conflict", "prohibit", True),
            ("uid", place.uid, False), ("target", place.target, False), ("assigner", place.assigner, False),
        ):  # fmt: skip
            value, path = parts.get(key, (None, f"$.{key}"))
            alone = value[0] if isinstance(value, list) and len(value) == 1 else value
            if (key in parts or needed) and self._name(alone) != self.names.short(wanted):
                leave_out = "" if needed else "; it may be left out"
                self.found.problem(path, f"This must be {wanted} here{leave_out}.")

    def _permission(self, value: object, path: str, rules: Rules) -> None:
        parts = self._object(value, path, ("action", "constraint", "duty"))
        if parts is None:
            return
        self._action(parts, path, ("use",))
        rules.conditions.extend(self._conditions(parts, "constraint"))
        for one, place in self._each(parts, "duty"):
            duty = self._duty(one, place)
            if duty is not None:
                rules.duties.append(duty)

    def _prohibition(self, value: object, path: str, rules: Rules) -> None:
        parts = self._object(value, path, ("action", "constraint"))
        if parts is None:
            return
        action = self._action(parts, path, ("use", TRAIN_OTHERS.short))
        conditions = list(self._conditions(parts, "constraint"))
        if action == "use" and len(conditions) == 1:
            rules.prohibitions.extend(conditions)
        elif action == "use":
            self.found.problem(path, "A prohibition of use has exactly one constraint here.")
        elif conditions:
            self.found.problem(path, f"'{TRAIN_OTHERS.short}' is prohibited without conditions.")

    def _duty(self, value: object, path: str) -> Duty | None:
        parts = self._object(value, path, ("action", "constraint"))
        if parts is None:
            return None
        action, place = parts.get("action", (None, f"{path}.action"))
        if isinstance(action, list) and len(action) == 1:
            action, place = action[0], f"{place}[0]"
        refinements: tuple[Condition, ...] = ()
        if isinstance(action, Mapping) and "@id" not in action:
            inner = self._object(action, place, ("rdf:value", "refinement"))
            if inner is None:
                return None
            action = inner.get("rdf:value", (None, place))[0]
            refinements = tuple(self._conditions(inner, "refinement"))
        name = self._name(action)
        if name is None:
            self.found.problem(place, "A duty needs the name of its action.")
            return None
        return Duty(name, refinements, tuple(self._conditions(parts, "constraint")), path)

    def _action(self, parts: Mapping[str, tuple[Any, str]], path: str, known: tuple[str, ...]) -> str | None:
        value, place = parts.get("action", (None, f"{path}.action"))
        alone = value[0] if isinstance(value, list) and len(value) == 1 else value
        name = self._name(alone)
        if name not in known:
            self.found.problem(place, f"The action must be {' or '.join(known)} here.")
            return None
        return name

    def _conditions(self, parts: Mapping[str, tuple[Any, str]], key: str) -> Iterator[Condition]:
        for value, path in self._each(parts, key):
            condition = self._condition(value, path)
            if condition is not None:
                yield condition

    def _condition(self, value: object, path: str) -> Condition | None:
        before = len(self.found.problems)
        parts = self._object(value, path, ("leftOperand", "operator", "rightOperand", "unit"), ours=True)
        if parts is None or len(self.found.problems) > before:
            return None
        left, operator = (self._name(parts.get(key, (None, ""))[0]) for key in ("leftOperand", "operator"))
        for key, name in (("leftOperand", left), ("operator", operator)):
            if name is None:
                self.found.problem(f"{path}.{key}", "A constraint needs this, as a name.")
        if "rightOperand" not in parts:
            self.found.problem(f"{path}.rightOperand", "A constraint needs this.")
        unit = self._name(parts["unit"][0]) if "unit" in parts else None
        if "unit" in parts and unit is None:
            self.found.problem(f"{path}.unit", "A unit is a name.")
        right = tuple(self._values(parts, "rightOperand"))
        ours = [(key, one) for key in parts if key.startswith(PREFIX) for one in self._values(parts, key)]
        if left is None or operator is None or len(self.found.problems) > before:
            return None
        return Condition(left, operator, right, unit, tuple(ours), path)

    def _values(self, parts: Mapping[str, tuple[Any, str]], key: str) -> Iterator[Value]:
        for value, path in self._each(parts, key):
            read = self._value(value, path)
            if read is not None:
                yield read

    def _value(self, value: object, path: str) -> Value | None:
        if isinstance(value, Mapping):
            return self._named_value(value, path)
        read = _plain_value(value)
        if read is None:
            self.found.problem(path, _NO_VALUE)
        return read

    def _named_value(self, value: Mapping[str, Any], path: str) -> Value | None:
        if isinstance(value.get("@id"), str) and len(value) == 1:
            return Iri(self.names.short(value["@id"]))
        if "@value" in value:
            return self._literal(value, path)
        if isinstance(value.get("@type"), str):
            return self._node(value, path)
        self.found.problem(path, _NO_VALUE)
        return None

    def _literal(self, value: Mapping[str, Any], path: str) -> Literal | None:
        text, kind = value["@value"], value.get("@type", "xsd:string")
        for key in value:
            if key not in {"@value", "@type"}:
                self.found.problem(f"{path}.{key}", "This has no place in a literal here.")
                return None
        inner = _plain_value(text)
        if inner is None or not isinstance(kind, str):
            self.found.problem(path, "A literal has a text or a number as @value, and a name as @type.")
            return None
        if "@type" not in value:
            return inner
        return Literal(inner.text, self.names.short(kind))

    def _node(self, value: Mapping[str, Any], path: str) -> Node | None:
        kind = self.names.short(value["@type"])
        rest = {key: one for key, one in value.items() if key != "@type"}
        parts = self._object(rest, path, (), ours=True)
        if parts is None:
            return None
        return Node(kind, {key: tuple(self._values(parts, key)) for key in parts}, path)

    def _each(self, parts: Mapping[str, tuple[Any, str]], key: str) -> Iterator[tuple[Any, str]]:
        """One thing is the same as a list of it."""
        if key not in parts:
            return
        value, path = parts[key]
        if isinstance(value, list):
            yield from ((one, f"{path}[{number}]") for number, one in enumerate(value))
        else:
            yield value, path

    def _name(self, value: object) -> str | None:
        if isinstance(value, Mapping) and len(value) == 1:
            value = value.get("@id")
        return self.names.short(value) if isinstance(value, str) and value else None

    def _object(
        self, value: object, path: str, known: tuple[str, ...], *, ours: bool = False
    ) -> dict[str, tuple[Any, str]] | None:
        """Its parts by their short names, each with its path; others than those known are problems."""
        if not isinstance(value, Mapping):
            self.found.problem(path, "This must be an object.")
            return None
        parts: dict[str, tuple[Any, str]] = {}
        for raw, inner in value.items():
            key = self.names.short(str(raw))
            key = _SAME.get(key, key)
            place = f"{path}.{raw}"
            if key not in known and not (ours and key.startswith(PREFIX)):
                listed = ", ".join(known) or "terms of the profile"
                self.found.problem(place, f"This term is not known here. Known: {listed}.")
            elif key in parts:
                self.found.problem(place, f"'{key}' is there already.")
            else:
                parts[key] = (inner, place)
        return parts


def _plain_value(value: object) -> Literal | None:
    """JSON's own texts, numbers, true and false."""
    if isinstance(value, str):
        return Literal(value)
    if isinstance(value, bool):
        return Literal("true" if value else "false", "xsd:boolean")
    if isinstance(value, int):
        return Literal(str(value), "xsd:decimal")
    if isinstance(value, float) and math.isfinite(value):
        return Literal(f"{Decimal(repr(value)):f}", "xsd:decimal")
    return None
