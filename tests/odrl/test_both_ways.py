"""A policy is the same after it was an ODRL offer, and an offer is the same after it was a policy."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.policy import kinds, plain
from marketplace.policy.odrl.canonical import canonical
from marketplace.policy.odrl.document import exported, imported
from tests.odrl.policies import PLACE, policies

THOROUGH = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@given(policies())
@THOROUGH
def test_plain_to_odrl_to_plain_is_the_same_policy(written: dict[str, Any]) -> None:
    document = json.loads(json.dumps(exported(written, PLACE)))
    assert plain.parse(imported(document, PLACE)) == plain.parse(written)


@given(policies(), st.randoms(use_true_random=False))
@THOROUGH
def test_odrl_to_plain_to_odrl_has_the_same_bytes_however_it_was_written(written: Any, chance: Any) -> None:
    document = said_otherwise(exported(written, PLACE), chance)
    again = exported(imported(document, PLACE), PLACE)
    assert canonical(again, PLACE) == canonical(document, PLACE)
    assert json.loads(canonical(again, PLACE))["profile"] == PLACE.profile


def said_otherwise(value: Any, chance: Any, key: str = "") -> Any:
    """The same offer in other words: other orders, one thing for a list of it, prefixes, plain numbers."""
    if isinstance(value, dict):
        if value.get("@type") == "xsd:decimal" and chance.random() < 0.5:
            return float(value["@value"]) if "." in value["@value"] else int(value["@value"])
        if value.get("@type") == "xsd:boolean" and chance.random() < 0.5:
            return value["@value"] == "true"
        pairs = list(value.items())
        chance.shuffle(pairs)
        return {
            said_key(inner, chance): said_otherwise(one, chance, inner)
            for inner, one in pairs
        }  # fmt: skip
    if isinstance(value, list) and key != "@context":
        items = [said_otherwise(one, chance) for one in value]
        chance.shuffle(items)
        return items[0] if len(items) == 1 and chance.random() < 0.5 else items
    if (
        key in {"leftOperand", "operator", "action", "conflict"}
        and ":" not in value
        and chance.random() < 0.5
    ):
        return chance.choice(
            [f"odrl:{value}", f"http://www.w3.org/ns/odrl/2/{value}", {"@id": f"odrl:{value}"}]
        )
    if key == "@id" and chance.random() < 0.5:
        return value.replace("abc-purpose:", f"{PLACE.profile}#purpose-").replace("abc:", f"{PLACE.profile}#")
    return value


def said_key(key: str, chance: Any) -> str:
    if key.startswith(("@", "abc", "rdf")) or chance.random() < 0.7:
        return key
    return "@id" if key == "uid" else f"odrl:{key}"


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.kind)
def test_every_kind_of_clause_has_its_odrl_form_for_all_of_its_keys(kind: Any) -> None:
    assert frozenset().union(*(form.keys for form in kind.forms)) == set(kind.terms)


def test_lists_of_everybody_and_somebody_stay_as_they_are() -> None:
    for allow in (["*"], ["*", "buyer"], [], ["buyer", "group:labs", "domain:example.org"]):
        back = imported(exported({"consumers": {"allow": allow}}, PLACE), PLACE)
        assert back["consumers"]["allow"] == allow


def test_prices_for_some_keep_their_order() -> None:
    rules = [
        {"consumer": "group:b", "price_micro_usd_per_nat": 1},
        {"consumer": "group:a", "price_micro_usd_per_nat": 2},
    ]
    document = exported({"consumers": {"allow": ["*"]}, "prices": rules}, PLACE)
    document["permission"][0]["duty"].reverse()
    assert imported(document, PLACE)["prices"] == rules


def test_an_empty_set_is_the_same_as_none() -> None:
    bare = exported(
        {"consumers": {"allow": ["*"]}, "purposes": {"allow": ["*"]}, "approval": "required"}, PLACE
    )
    spelled = json.loads(json.dumps(bare))
    spelled["permission"][0] |= {
        "constraint": [],
        "duty": [
            {"action": [{"rdf:value": {"@id": "odrl:obtainConsent"}, "refinement": []}], "constraint": []}
        ],
    }
    assert imported(spelled, PLACE) == imported(bare, PLACE)
    assert canonical(spelled, PLACE) == canonical(bare, PLACE)
