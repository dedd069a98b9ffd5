"""Where a policy allows what a text's own terms do not: each difference in one sentence. Pure.

Reads the draft of a term and the plain form of a policy; it must not decide which of the two is right.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marketplace.policy.purposes import ANY, PURPOSES, lineage

Plain = Mapping[str, Any]


def differences(draft: Plain, policy: Plain) -> list[str]:
    """What the policy allows although the draft does not."""
    return [
        sentence
        for key, value in draft.items()
        if key in _READERS
        for sentence in _READERS[key](value, policy)
    ]


def _consumers(value: Plain, policy: Plain) -> Iterator[str]:
    if value.get("allow") == [] and _list(policy, "consumers", "allow"):
        yield "The policy lets organisations rest answers on the text."


def _purposes(value: Plain, policy: Plain) -> Iterator[str]:
    allowed = [slug for slug in PURPOSES if _allows(policy, slug)]
    denied = [slug for slug in allowed if not set(lineage(slug)).isdisjoint(value.get("deny", ()))]
    wanted = value.get("allow")
    if wanted is not None:
        denied += [slug for slug in allowed if set(lineage(slug)).isdisjoint(wanted)]
    for slug in (one for one in denied if PURPOSES[one].parent not in denied):  # a term covers those below it
        yield f"The policy allows the purpose '{slug}'."


def _countries(value: Plain, policy: Plain) -> Iterator[str]:
    allow, deny = _list(policy, "countries", "allow"), _list(policy, "countries", "deny")
    for country in value.get("deny", ()):
        if country not in deny and (not allow or country in allow):
            yield f"The policy allows consumers in {country}."
    wanted = value.get("allow")
    if wanted is not None and (not allow or not set(allow) <= set(wanted)):
        yield f"The policy allows consumers outside {', '.join(wanted)}."


def _quote(value: bool, policy: Plain) -> Iterator[str]:
    if not value and policy.get("quote"):
        yield "The policy lets passages be quoted."


def _floor(value: int, policy: Plain) -> Iterator[str]:
    if (policy.get("floor_price_micro_usd") or 0) < value:
        yield f"The policy asks for less than {value:,} micro-USD an answer."


def _approval(value: str, policy: Plain) -> Iterator[str]:
    if value == "required" and policy.get("approval") != "required":
        yield "The policy lets consumers use the text without asking you first."


def _notice(value: str | None, policy: Plain) -> Iterator[str]:
    if value and not policy.get("attribution_notice"):
        yield "The policy asks for no attribution notice."


_READERS: Mapping[str, Callable[[Any, Plain], Iterator[str]]] = {
    "consumers": _consumers,
    "purposes": _purposes,
    "countries": _countries,
    "quote": _quote,
    "floor_price_micro_usd": _floor,
    "approval": _approval,
    "attribution_notice": _notice,
}


def _allows(policy: Plain, slug: str) -> bool:
    allow, deny, line = _list(policy, "purposes", "allow"), _list(policy, "purposes", "deny"), lineage(slug)
    return (ANY in allow or not set(line).isdisjoint(allow)) and set(line).isdisjoint(deny)


def _list(policy: Plain, key: str, side: str) -> list[str]:
    return list((policy.get(key) or {}).get(side) or [])
