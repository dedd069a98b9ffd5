"""Typed readers of one field of a request body: the value in its type, or one plain sentence about the field.

Pure: knows JSON values and nothing else. `null` always means the same as an absent field, as OpenAI's clients
send it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounting.errors import Invalid

Body = Mapping[str, Any]


def refuse(param: str, sentence: str, *, next_step: str = "", code: str | None = None) -> Invalid:
    return Invalid(sentence, next_step=next_step, code=code, param=param)


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object; `path` stands before their names in errors."""

    body: Body
    path: str = ""

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def raw(self, key: str) -> Any:
        return self.body.get(key)

    def whole(self, key: str, default: int, *, least: int, most: int) -> int:
        value = self.whole_or_none(key, least=least, most=most)
        return default if value is None else value

    def whole_or_none(self, key: str, *, least: int, most: int) -> int | None:
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise refuse(self.name(key), f"`{self.name(key)}` must be a whole number.")
        if not least <= value <= most:
            raise refuse(self.name(key), f"`{self.name(key)}` must lie between {least} and {most}.")
        return value

    def number(self, key: str, default: float, *, least: float, most: float) -> float:
        value = self.number_or_none(key, least=least, most=most)
        return default if value is None else value

    def number_or_none(self, key: str, *, least: float, most: float) -> float | None:
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise refuse(self.name(key), f"`{self.name(key)}` must be a number.")
        if not least <= value <= most:  # also refuses what is not a number
            raise refuse(self.name(key), f"`{self.name(key)}` must lie between {least:g} and {most:g}.")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise refuse(self.name(key), f"`{self.name(key)}` must be true or false.")
        return value

    def text(self, key: str, default: str = "") -> str:
        value = self.raw(key)
        if value is None:
            return default
        return clean_text(value, self.name(key))

    def choice(self, key: str, default: str, *, among: tuple[str, ...]) -> str:
        value = self.text(key, default)
        if value not in among:
            raise refuse(self.name(key), f"`{self.name(key)}` must be one of: {', '.join(among)}.")
        return value

    def slugs(self, key: str, *, most: int = 256) -> tuple[str, ...] | None:
        """A list of source names, each once, in the order given; None when absent."""
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise refuse(self.name(key), f"`{self.name(key)}` must be a list of source names.")
        if len(value) > most:
            raise refuse(self.name(key), f"`{self.name(key)}` may name at most {most} sources.")
        return tuple(dict.fromkeys(clean_text(one, self.name(key)) for one in value))

    def object(self, key: str) -> "Fields":
        value = self.raw(key)
        if value is None:
            return Fields({}, self.name(key))
        if not isinstance(value, dict):
            raise refuse(self.name(key), f"`{self.name(key)}` must be an object.")
        return Fields(value, self.name(key))

    def refuse_unknown(self, known: frozenset[str]) -> None:
        unknown = sorted(set(self.body) - known)
        if unknown:
            raise refuse(
                self.name(unknown[0]),
                f"`{self.name(unknown[0])[:100]}` is not a field of this request.",
                next_step=f"Leave it out, or use one of: {', '.join(sorted(known))}.",
            )


def clean_text(value: Any, name: str) -> str:
    """A string that can be encoded: half a surrogate pair cannot."""
    if not isinstance(value, str):
        raise refuse(name, f"`{name}` must be text.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise refuse(name, f"`{name}` is not valid Unicode.") from error
    return value
