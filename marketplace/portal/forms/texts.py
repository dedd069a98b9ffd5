"""Lists that people type: names between commas, and texts one a line, which keep every blank of theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from marketplace.policy.countries import COUNTRIES

_CODES = {name.casefold(): code for code, name in COUNTRIES.items()}


class NamesField(forms.CharField):
    """Names between commas or on lines of their own, each once."""

    def to_python(self, value: Any) -> Any:
        parts = (part.strip() for part in (super().to_python(value) or "").replace("\n", ",").split(","))
        return list(dict.fromkeys(part for part in parts if part))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


class CountriesField(NamesField):
    """Two-letter codes; a country's English name is taken too."""

    def to_python(self, value: Any) -> Any:
        names = super().to_python(value)
        return list(dict.fromkeys(_CODES.get(name.casefold(), name.upper()) for name in names))


class LinesField(forms.CharField):
    """One text a line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")
        return list(dict.fromkeys(line for line in text.split("\n") if line.strip()))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def sides(allow: list[str], deny: list[str]) -> Mapping[str, list[str]] | None:
    """Countries as a plain policy says them; None where nothing is said."""
    said = ({"allow": allow} if allow else {}) | ({"deny": deny} if deny else {})
    return said or None
