"""The same bytes for the same offer: short names, lists of what may be many, sorted sets, shortest numbers.

Works on the JSON alone and knows no kind of clause, so that it can prove what the forms do: an offer that was
read and written again has the canonical text that it had before. What the profile fixes is filled in.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from marketplace.policy.odrl.terms import ODRL_CONTEXT, Names, Place
from marketplace.policy.odrl.values import moment, shortest
from marketplace.policy.odrl.writing import TRAIN_OTHERS

_MANY = {"permission", "prohibition", "duty", "constraint", "refinement"}
_SAME = {"@id": "uid", "type": "@type"}


def canonical(document: Mapping[str, Any], place: Place) -> str:
    names = Names(place.base)
    policy = _object(document, names) | {"@context": [ODRL_CONTEXT, place.profile]}
    fixed = {"uid": place.uid, "target": place.target, "assigner": place.assigner, "profile": place.profile}
    policy |= {key: names.short(address) for key, address in fixed.items()}
    never = {"action": TRAIN_OTHERS.short}
    others = [one for one in policy.get("prohibition", []) if one != never]
    policy["prohibition"] = _sorted([never, *others])
    return text_of(policy)


def text_of(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _object(value: Mapping[str, Any], names: Names) -> dict[str, Any]:
    parts = {}
    for raw, inner in value.items():
        short = names.short(raw)
        key = _SAME.get(short, short)
        read: Callable[[Any, Names], Any] = _READERS.get(key, _values)
        parts[key] = read(inner, names)
    return _without_nothing(parts)


def _without_nothing(parts: dict[str, Any]) -> dict[str, Any]:
    """An empty set says no more than one that is absent."""
    return {key: value for key, value in parts.items() if value != []}


def _name(value: Any, names: Names) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("@id")
    return names.short(value) if isinstance(value, str) else value


def _many(value: Any, names: Names) -> list[Any]:
    return _sorted([_object(one, names) for one in (value if isinstance(value, list) else [value])])


def _action(value: Any, names: Names) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping) or "@id" in value:
        return _name(value, names)
    refined = {names.short(key): one for key, one in value.items()}
    name, refinement = _name(refined.get("rdf:value"), names), _many(refined.get("refinement", []), names)
    return {"rdf:value": name, "refinement": refinement} if refinement else name


def _values(value: Any, names: Names) -> list[Any]:
    return _sorted([_value(one, names) for one in (value if isinstance(value, list) else [value])])


def _value(value: Any, names: Names) -> Any:
    if isinstance(value, bool):
        return {"@type": "xsd:boolean", "@value": "true" if value else "false"}
    if isinstance(value, int | float):
        return {"@type": "xsd:decimal", "@value": shortest(repr(value))}
    if isinstance(value, str):
        return {"@type": "xsd:string", "@value": value}
    if "@value" in value:
        return _literal(value, names)
    if "@id" in value:
        return {"@id": names.short(value["@id"])}
    parts = {names.short(key): _values(one, names) for key, one in value.items() if key != "@type"}
    return _without_nothing(parts) | {"@type": names.short(value["@type"])}


def _literal(value: Mapping[str, Any], names: Names) -> dict[str, str]:
    inner = _value(value["@value"], names)
    kind = names.short(value["@type"]) if "@type" in value else inner["@type"]
    text = inner["@value"]
    if kind in {"xsd:decimal", "xsd:integer"}:
        return {"@type": "xsd:decimal", "@value": shortest(text)}
    return {"@type": kind, "@value": moment(text) if kind == "xsd:dateTime" else text}


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values, key=text_of)


def _as_it_is(value: Any, _names: Names) -> Any:
    return value


_NAMES = ("@type", "conflict", "leftOperand", "operator", "profile", "uid", "target", "assigner", "unit")
_READERS: Mapping[str, Callable[[Any, Names], Any]] = {
    **dict.fromkeys(_MANY, _many),
    **dict.fromkeys(_NAMES, _name),
    "action": _action,
    "@context": _as_it_is,
}
