"""Dictionaries of structured fields (RFC 9651, section 3.2), as far as preferences need them: strictly.

Values stay as they are written: a preference is a token, and what is no token has no meaning here. It must
not repair: one wrong character makes the whole field unreadable, as the standard says.
"""

import re
from dataclasses import dataclass

_KEY = r"[a-z*][a-z0-9_\-.*]*"
_BARE = (
    r"(?:[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*"  # token
    r'|"(?:[ !#-\[\]-~]|\\["\\])*"'  # string
    r"|-?[0-9]{1,15}(?:\.[0-9]{1,3})?"  # integer, decimal
    r"|:[A-Za-z0-9+/=]*:"  # bytes
    r"|\?[01]"  # boolean
    r"|@-?[0-9]{1,15}"  # date
    r'|%"(?:[ !#$&-~]|%[0-9a-f]{2})*")'  # text beyond ASCII
)
_PARAMETERS = rf"(?:;[ ]*{_KEY}(?:={_BARE})?)*"
_ITEM = rf"{_BARE}{_PARAMETERS}"
_LIST = rf"\([ ]*(?:{_ITEM}(?:[ ]+{_ITEM})*[ ]*)?\)"
_MEMBER = re.compile(rf"(?P<key>{_KEY})(?:=(?P<value>{_LIST}|{_BARE}))?(?P<parameters>{_PARAMETERS})")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
MOST = 2_000  # letters of one field


@dataclass(frozen=True, slots=True)
class Member:
    """`value` is None for a key that stands alone; `parameters` begin with their semicolon."""

    key: str
    value: str | None
    parameters: str

    @property
    def text(self) -> str:
        return f"{self.key}{'' if self.value is None else f'={self.value}'}{self.parameters}"


class Malformed(ValueError):
    """Where the field stops being a dictionary."""


def dictionary(text: str) -> list[Member]:
    """Every member in its order; a key that is named twice is there twice, for its reader to judge."""
    text = text.strip(" ")
    if len(text) > MOST:
        raise Malformed(f"it is longer than {MOST:,} letters")
    members: list[Member] = []
    at = 0
    while at < len(text):
        match = _MEMBER.match(text, at)
        if match is None:
            raise Malformed(f"letter {at + 1} begins no key")
        members.append(Member(match["key"], match["value"], match["parameters"]))
        at = match.end()
        if at == len(text):
            return members
        comma = _COMMA.match(text, at)
        if comma is None or comma.end() == len(text):
            raise Malformed(f"letter {at + 1} is no comma before a next key")
        at = comma.end()
    return members
