"""A policy narrowed by what its texts ask for: the drafts of confirmed terms put into the plain form. Pure.

Nothing becomes wider by a draft: what a text permits is for its owner to allow. It must not publish anything.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.purposes import ANY, lineage

Plain = dict[str, Any]


def narrowed(policy: Mapping[str, Any], drafts: Iterable[Mapping[str, Any]]) -> Plain:
    """The policy with every draft in it; equal to the policy where it allows no more than they do."""
    plain = dict(policy)
    for draft in drafts:
        for key, value in draft.items():
            if key in _WAYS:
                plain = _WAYS[key](plain, value)
    return plain


def _consumers(plain: Plain, value: Mapping[str, Any]) -> Plain:
    if value.get("allow") != []:
        return plain
    return _for_nobody(plain)


def _for_nobody(plain: Plain) -> Plain:
    """Prices go along: one that nobody can be asked for is a contradiction."""
    return {**plain, "consumers": {**(plain.get("consumers") or {}), "allow": []}, "prices": None}


def _purposes(plain: Plain, value: Mapping[str, Any]) -> Plain:
    side = plain.get("purposes") or {}
    allow, deny = list(side.get("allow") or []), list(side.get("deny") or [])
    wanted = value.get("allow")
    if wanted is not None:
        inside = [one for one in allow if not set(lineage(one)).isdisjoint(wanted)]
        reached = [one for one in wanted if ANY in allow or not set(lineage(one)).isdisjoint(allow)]
        allow = sorted({*inside, *reached})
    deny = sorted({*deny, *value.get("deny", ())})
    allow = [one for one in allow if set(lineage(one)).isdisjoint(deny)]
    left = Purposes(frozenset(allow), frozenset(deny))
    prices = [
        one for one in plain.get("prices") or () if not one.get("purpose") or left.reaches(one["purpose"])
    ]
    return {**plain, "purposes": {"allow": allow, "deny": deny}, "prices": prices or None}


def _countries(plain: Plain, value: Mapping[str, Any]) -> Plain:
    side = plain.get("countries") or {}
    allow, deny = side.get("allow"), sorted({*(side.get("deny") or ()), *value.get("deny", ())})
    wanted = value.get("allow")
    if wanted is not None:
        allow = [one for one in wanted if allow is None or one in allow]
    if allow is not None:
        allow = [one for one in allow if one not in deny]
    if allow == []:
        return _for_nobody({**plain, "countries": {"deny": deny}})
    return {**plain, "countries": {"allow": allow, "deny": deny}}


def _quote(plain: Plain, value: object) -> Plain:
    if value is not False:
        return plain
    outputs = plain.get("outputs")
    if outputs:
        rest = [one for one in outputs["allow"] if one != "quotation"]
        plain = {**plain, "outputs": {"allow": rest}} if rest else _for_nobody({**plain, "outputs": None})
    return {**plain, "quote": False}


def _floor(plain: Plain, value: int) -> Plain:
    floor, ceiling = max(value, plain.get("floor_price_micro_usd") or 0), plain.get("ceiling_price_micro_usd")
    raised = {} if ceiling is None or ceiling >= floor else {"ceiling_price_micro_usd": floor}
    return {**plain, "floor_price_micro_usd": floor, **raised}


def _approval(plain: Plain, value: str) -> Plain:
    return {**plain, "approval": value}


def _notice(plain: Plain, value: str) -> Plain:
    return {**plain, "attribution_notice": plain.get("attribution_notice") or value}


_WAYS: Mapping[str, Callable[[Plain, Any], Plain]] = {
    "consumers": _consumers,
    "purposes": _purposes,
    "countries": _countries,
    "quote": _quote,
    "floor_price_micro_usd": _floor,
    "approval": _approval,
    "attribution_notice": _notice,
}
