"""Values of ODRL documents and what they are in the plain form, both ways.

A codec writes a plain value and reads it back, or raises Unfit with a sentence: a value of the wrong type is
never guessed. Numbers are decimals in their shortest form, so that the same number is the same text.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,400})?")


@dataclass(frozen=True, slots=True)
class Iri:
    """Something with a name, written short."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    text: str
    type: str = "xsd:string"


@dataclass(frozen=True, slots=True)
class Node:
    """A value with parts of its own."""

    type: str
    parts: Mapping[str, tuple["Value", ...]]
    path: str = "$"


Value = Iri | Literal | Node


class Unfit(ValueError):
    """One sentence: what stands there, and what should."""


class Codec(ABC):
    @abstractmethod
    def write(self, plain: Any) -> Value: ...

    @abstractmethod
    def read(self, value: Value) -> Any: ...


@dataclass(frozen=True, slots=True)
class Number(Codec):
    def write(self, plain: float) -> Literal:
        return Literal(shortest(repr(plain)), "xsd:decimal")

    def read(self, value: Value) -> float:
        if not isinstance(value, Literal) or value.type not in {"xsd:decimal", "xsd:integer"}:
            raise Unfit("This must be a number: a JSON number, or a literal of type xsd:decimal.")
        if not _NUMBER.fullmatch(value.text):
            raise Unfit(f"'{value.text[:64]}' is not a decimal number.")
        text = shortest(value.text)
        return float(text) if "." in text else int(text)


@dataclass(frozen=True, slots=True)
class Flag(Codec):
    def write(self, plain: bool) -> Literal:
        return Literal("true" if plain else "false", "xsd:boolean")

    def read(self, value: Value) -> bool:
        if (
            not isinstance(value, Literal)
            or value.type != "xsd:boolean"
            or value.text not in {"true", "false"}
        ):
            raise Unfit("This must be true or false.")
        return value.text == "true"


@dataclass(frozen=True, slots=True)
class Moment(Codec):
    def write(self, plain: str) -> Literal:
        return Literal(moment(plain), "xsd:dateTime")

    def read(self, value: Value) -> str:
        if not isinstance(value, Literal) or value.type != "xsd:dateTime":
            raise Unfit("This must be a literal of type xsd:dateTime, like 2026-01-31T00:00:00Z.")
        return value.text


@dataclass(frozen=True, slots=True)
class Text(Codec):
    def write(self, plain: str) -> Literal:
        return Literal(plain)

    def read(self, value: Value) -> str:
        if not isinstance(value, Literal) or value.type != "xsd:string":
            raise Unfit("This must be a text.")
        return value.text


@dataclass(frozen=True, slots=True)
class Named(Codec):
    """Words as names. `words` are whole words; `prefixes` say how a word's beginning becomes a prefix.

    The prefix of a plain word without any of the others' beginnings is that of the empty one.
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def write(self, plain: str) -> Iri:
        if plain in self.words:
            return Iri(self.words[plain])
        start = max((one for one in self.prefixes if plain.startswith(one)), key=len)
        return Iri(f"{self.prefixes[start]}{plain.removeprefix(start)}")

    def read(self, value: Value) -> str:
        if isinstance(value, Iri):
            for word, name in self.words.items():
                if value.name == name:
                    return word
            for start, prefix in self.prefixes.items():
                if value.name.startswith(prefix):
                    return f"{start}{value.name.removeprefix(prefix)}"
        known = [*self.words.values(), *(f"{prefix}…" for prefix in self.prefixes.values())]
        raise Unfit(f"This must be one of {', '.join(known)}, as {{'@id': …}}.")


@dataclass(frozen=True, slots=True)
class Parts(Codec):
    """An object of the plain form as a node: each key is a property, of one value or of many."""

    type: str
    properties: Mapping[str, str]  # by the key of the plain form
    codecs: Mapping[str, Codec]
    many: frozenset[str]

    def write(self, plain: Mapping[str, Any]) -> Node:
        parts: dict[str, tuple[Value, ...]] = {}
        for key, property_ in self.properties.items():
            value = plain.get(key)
            if value is not None and value != []:
                each = value if key in self.many else [value]
                parts[property_] = tuple(self.codecs[key].write(one) for one in each)
        return Node(self.type, parts)

    def read(self, value: Value) -> dict[str, Any]:
        if not isinstance(value, Node) or value.type != self.type:
            raise Unfit(f"This must be an object of type {self.type}.")
        keys = {property_: key for key, property_ in self.properties.items()}
        unknown = sorted(set(value.parts) - set(keys))
        if unknown:
            raise Unfit(f"'{unknown[0]}' is not known here. Known: {', '.join(keys)}.")
        return {keys[name]: self._read(keys[name], name, values) for name, values in value.parts.items()}

    def _read(self, key: str, name: str, values: tuple[Value, ...]) -> Any:
        if key in self.many:
            return [self.codecs[key].read(one) for one in values]
        if len(values) != 1:
            raise Unfit(f"'{name}' must have one value.")
        return self.codecs[key].read(values[0])


NUMBER, FLAG, MOMENT, TEXT = Number(), Flag(), Moment(), Text()


def shortest(text: str) -> str:
    """A decimal number as the nearest double, in as few digits as tell it apart; whole numbers exactly."""
    exact = Decimal(text)
    if exact == exact.to_integral_value():
        return str(int(exact))
    return f"{Decimal(repr(float(exact))):f}"


def moment(text: str) -> str:
    """In the one form that the schema of dateTime has; other text stays for its reader to refuse."""
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        return text
