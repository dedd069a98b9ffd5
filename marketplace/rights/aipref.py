"""AIPREF: what a `Content-Usage` value says (draft-ietf-aipref-vocab), as terms with drafts of clauses.

The labels of the current draft and those that earlier drafts had and texts still carry. A value other than
the tokens y and n has no meaning in the vocabulary; it is shown as unknown, and so is a parameter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.rights.structured_fields import Malformed, Member, dictionary
from marketplace.rights.terms import NOBODY, Term, unknown, unreadable


@dataclass(frozen=True, slots=True)
class _Label:
    """What a category covers of the uses that this market makes of a text."""

    use: str
    training: bool
    refusal: Mapping[str, Any]
    grant: Mapping[str, Any]


_TRAINING = _Label("training AI models", True, {}, {})
_INPUT = _Label("input to a generative AI model", False, NOBODY, {})
_ALL = _Label("every automated processing", True, NOBODY, {})
_LABELS: Mapping[str, _Label] = {
    "train-ai": _TRAINING,
    "ai-use": _INPUT,
    "search": _Label("search that shows excerpts", False, {"quote": False}, {"quote": True}),
    # earlier drafts
    "train-genai": _TRAINING,
    "ai-output": _INPUT,
    "ai-input": _INPUT,
    "all": _ALL,
    "bots": _ALL,
    "tdm": _ALL,
}


def read(value: str) -> list[Term]:
    """The terms of one value; the field is read as a whole or not at all."""
    try:
        members = dictionary(value)
    except Malformed as error:
        return [unreadable("aipref", f"Content-Usage: {value}", str(error))]
    if not members:
        return [unreadable("aipref", f"Content-Usage: {value}", "it names no category of use")]
    return [term for member in members for term in _terms(member, _again(members, member))]


def _again(members: list[Member], member: Member) -> bool:
    return sum(other.key == member.key for other in members) > 1


def _terms(member: Member, again: bool) -> Iterator[Term]:
    label = _LABELS.get(member.key)
    if label is None:
        yield unknown("aipref", member.text, f"The category '{member.key}'")
    elif again:
        yield unreadable("aipref", member.text, f"'{member.key}' is named more than once in one value")
    elif member.value == "n":
        yield _refusal(member, label)
    elif member.value == "y":
        yield Term("aipref", member.text, "permits", f"The text allows {label.use}.", dict(label.grant))
    else:
        yield unknown("aipref", member.text, "A value other than y and n")
    if label is not None and member.parameters:
        yield unknown("aipref", f"{member.key}{member.parameters}", "A parameter")


def _refusal(member: Member, label: _Label) -> Term:
    sentence = f"The text does not want {label.use}" + (
        "; a partition is trained." if label.training else "."
    )
    return Term("aipref", member.text, "forbids", sentence, dict(label.refusal), label.training)
