"""Rules to JSON-LD, in the order in which a person would read an offer."""

from collections.abc import Iterable
from typing import Any

from marketplace.policy.odrl.rules import Condition, Duty, Rules
from marketplace.policy.odrl.terms import ODRL_CONTEXT, Place, Term
from marketplace.policy.odrl.values import Iri, Literal, Node, Value

TRAIN_OTHERS = Term(
    "trainOthers",
    "Action",
    "Training a model of others on the source or on what it says: prohibited in every offer.",
)


def offer(rules: Rules, place: Place) -> dict[str, Any]:
    permission: dict[str, Any] = {"action": "use"}
    if rules.conditions:
        permission["constraint"] = [_condition(one) for one in rules.conditions]
    if rules.duties:
        permission["duty"] = [_duty(one) for one in rules.duties]
    return {
        "@context": [ODRL_CONTEXT, place.profile],
        "@type": "Offer",
        "uid": place.uid,
        "profile": place.profile,
        "conflict": "prohibit",
        "target": place.target,
        "assigner": place.assigner,
        "permission": [permission],
        "prohibition": [
            {"action": TRAIN_OTHERS.short},
            *({"action": "use", "constraint": [_condition(one)]} for one in rules.prohibitions),
        ],
    }


def _duty(duty: Duty) -> dict[str, Any]:
    written: dict[str, Any] = {"action": duty.action}
    if duty.refinements:
        refined = {
            "rdf:value": {"@id": f"odrl:{duty.action}"},
            "refinement": [_condition(one) for one in duty.refinements],
        }
        written["action"] = [refined]
    if duty.conditions:
        written["constraint"] = [_condition(one) for one in duty.conditions]
    return written


def _condition(one: Condition) -> dict[str, Any]:
    written: dict[str, Any] = {
        "leftOperand": one.left,
        "operator": one.operator,
        "rightOperand": _values(one.right),
    }
    if one.unit is not None:
        written["unit"] = {"@id": one.unit}
    return written | {name: _value(value) for name, value in one.properties}


def _values(values: Iterable[Value]) -> Any:
    written = [_value(value) for value in values]
    return written[0] if len(written) == 1 else written


def _value(value: Value) -> Any:
    if isinstance(value, Iri):
        return {"@id": value.name}
    if isinstance(value, Node):
        return {"@type": value.type} | {name: _values(parts) for name, parts in value.parts.items()}
    assert isinstance(value, Literal)
    return value.text if value.type == "xsd:string" else {"@type": value.type, "@value": value.text}
