"""What an offer says and nobody here knows is refused with its JSON path; so is a value of another type."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.policy.odrl.canonical import canonical
from marketplace.policy.odrl.document import exported, imported
from marketplace.policy.problems import PolicyInvalid
from tests.odrl.policies import PLACE, policies

PLAIN = {
    "consumers": {"allow": ["buyer"], "deny": ["group:rivals"]},
    "purposes": {"allow": ["research"]},
    "max_gamma": 0.5,
    "influence_nats": {"per_answer": 200, "lifetime": 1000},
    "price_micro_usd_per_nat": 20,
    "prices": [{"purpose": "research", "price_micro_usd_per_nat": 3}],
    "attribution_notice": "From the almanac.",
    "approval": "required",
}
GAMMA = {"leftOperand": "abc:gamma", "operator": "lteq", "rightOperand": 0.5}
WORDS = ["@id", "@type", "@value", "@list", "rdf:value", "refinement", "use", "abc:gamma", "abc:Region",
         "leftOperand", "operator", "rightOperand", "unit", "xsd:decimal", "isAnyOf"]  # fmt: skip
CONSTRAINT = "$.permission[0].constraint"


def offer() -> dict[str, Any]:
    return copy.deepcopy(exported(PLAIN, PLACE))


def problems(document: object) -> list[tuple[str, str]]:
    with pytest.raises(PolicyInvalid) as refused:
        imported(document, PLACE)
    return [(one.path, one.sentence) for one in refused.value.problems]


def only_path(document: object) -> str:
    [(path, sentence)] = problems(document)
    assert sentence.endswith(".")
    return path


def place_of(document: dict[str, Any], operand: str) -> int:
    constraints = document["permission"][0]["constraint"]
    return next(place for place, one in enumerate(constraints) if one["leftOperand"] == operand)


def test_the_offer_itself_is_taken() -> None:
    assert imported(offer(), PLACE)["max_gamma"] == 0.5


@pytest.mark.parametrize(
    ("constraint", "rest"),
    [
        ({"leftOperand": "count", "operator": "lteq", "rightOperand": 5}, ".leftOperand"),
        ({"leftOperand": "abc:charm", "operator": "eq", "rightOperand": 5}, ".leftOperand"),
        ({"leftOperand": "https://example.org/x", "operator": "eq", "rightOperand": 5}, ".leftOperand"),
        ({"or": [GAMMA, GAMMA]}, ".or"),
        ({"leftOperand": "spatial", "operator": "isAnyOf", "rightOperand": "DE"}, ".rightOperand"),
        ({"leftOperand": "spatial", "operator": "isAnyOf", "rightOperand": []}, ".rightOperand"),
        ({"leftOperand": "spatial", "operator": "eq", "rightOperand": {"@id": "iso3166:DE"}}, ".operator"),
        ({"leftOperand": "spatial", "operator": "isAnyOf", "rightOperand": {"@id": "iso3166:XX"}}, ""),
        ({"leftOperand": "dateTime", "operator": "lt", "rightOperand": "2030-01-01"}, ".rightOperand"),
        ({"leftOperand": "dateTime", "operator": "lt",
          "rightOperand": {"@type": "xsd:dateTime", "@value": "soon"}}, ""),
        ({"leftOperand": "dateTime", "operator": "neq",
          "rightOperand": {"@type": "xsd:dateTime", "@value": "2030-01-01T00:00:00Z"}}, ".operator"),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": True}, ".rightOperand"),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": 1.5}, ""),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": [1, 2]}, ".rightOperand"),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": None}, ".rightOperand"),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": 1, "unit": "abc:nat"}, ".unit"),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": 1, "abc:mood": 1}, ".abc:mood"),
        ({"leftOperand": "abc:coalition", "operator": "gteq", "rightOperand": 1, "status": 1}, ".status"),
        ({"leftOperand": "abc:quoting", "operator": "eq", "rightOperand": "yes"}, ".rightOperand"),
        ({"leftOperand": "abc:topic", "operator": "isPartOf", "rightOperand": "gardens"}, ".rightOperand"),
        ({"leftOperand": "abc:topic", "operator": "isPartOf",
          "rightOperand": {"@type": "abc:Region", "abc:colour": "red"}}, ".rightOperand"),
        ({"leftOperand": "abc:influenceInWindow", "operator": "lteq", "rightOperand": 5,
          "unit": "abc:nat"}, ""),
        ({"leftOperand": "abc:influenceInWindow", "operator": "lteq", "rightOperand": 5, "unit": "abc:nat",
          "abc:window": [{"@id": "abc:day-rolling-each"}, {"@id": "abc:hour-rolling-each"}]}, ""),
        ({"leftOperand": "abc:regime", "operator": "eq", "rightOperand": {"@id": "abc:anarchy"}},
         ".rightOperand"),
        (GAMMA, ""),
        ({"leftOperand": "abc:gamma", "operator": "lteq"}, ".rightOperand"),
        ({"operator": "lteq", "rightOperand": 1}, ".leftOperand"),
        ("gamma", ""),
    ],
)  # fmt: skip
def test_a_constraint_that_is_not_understood_is_refused_at_its_place(constraint: Any, rest: str) -> None:
    document = offer()
    constraints = document["permission"][0]["constraint"]
    constraints.append(constraint)
    assert only_path(document) == f"{CONSTRAINT}[{len(constraints) - 1}]{rest}"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"profile": "https://example.org/another"}, "$.profile"),
        ({"conflict": "perm"}, "$.conflict"),
        ({"@type": "Set"}, "$.@type"),
        ({"@context": ["http://www.w3.org/ns/odrl.jsonld"]}, "$.@context"),
        ({"target": "https://market.example/v1/sources/another"}, "$.target"),
        ({"assigner": {"@id": "abc-organisation:somebody"}}, "$.assigner"),
        ({"uid": "urn:uuid:1"}, "$.uid"),
        ({"obligation": []}, "$.obligation"),
        ({"inheritFrom": "https://example.org/1"}, "$.inheritFrom"),
        ({"permission": []}, "$.permission"),
        ({"odrl:conflict": "prohibit"}, "$.odrl:conflict"),
    ],
)
def test_what_the_profile_fixes_must_stand_there_as_it_is_fixed(change: Any, path: str) -> None:
    assert path in [one for one, _ in problems(offer() | change)]


@pytest.mark.parametrize("key", ["profile", "conflict", "@type", "@context"])
def test_what_gives_an_offer_its_meaning_cannot_be_left_out(key: str) -> None:
    document = offer()
    del document[key]
    assert only_path(document) == f"$.{key}"


def test_what_only_repeats_where_the_offer_stands_can_be_left_out() -> None:
    document = offer()
    for key in ("uid", "target", "assigner"):
        del document[key]
    document["prohibition"] = document["prohibition"][1:]
    assert imported(document, PLACE) == imported(offer(), PLACE)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"action": "play"}, "$.permission[0].action"),
        ({"action": ["use", "play"]}, "$.permission[0].action"),
        ({"assignee": "https://example.org/somebody"}, "$.permission[0].assignee"),
        ({"duty": [{"action": "delete"}]}, "$.permission[0].duty[0].action"),
        ({"duty": {"action": "compensate"}}, "$.permission[0].duty"),
        ({"duty": [{"action": "obtainConsent", "constraint": [GAMMA]}]}, "$.permission[0].duty[0]"),
        ({"duty": [{"action": "attribute"}]}, "$.permission[0].duty[0]"),
        ({"duty": [{"action": "obtainConsent", "consequence": []}]}, "$.permission[0].duty[0].consequence"),
    ],
)
def test_an_action_or_a_duty_that_is_not_known_is_refused(change: Any, path: str) -> None:
    document = offer()
    document["permission"][0] |= change
    assert only_path(document) == path


@pytest.mark.parametrize(
    ("refinement", "path"),
    [
        ({"leftOperand": "payAmount", "operator": "eq", "rightOperand": 5}, "[0].unit"),
        ({"leftOperand": "payAmount", "operator": "eq", "rightOperand": 5,
          "unit": "http://dbpedia.org/resource/Euro"}, "[0].unit"),
        ({"leftOperand": "payAmount", "operator": "eq", "rightOperand": 5.5,
          "unit": "abc:microUSDPerNat"}, "[0]"),
        ({"leftOperand": "percentage", "operator": "eq", "rightOperand": 5}, "[0]"),
    ],
)  # fmt: skip
def test_a_price_that_is_not_understood_is_refused(refinement: Any, path: str) -> None:
    document = offer()
    action = [{"rdf:value": {"@id": "odrl:compensate"}, "refinement": [refinement]}]
    document["permission"][0]["duty"] = [{"action": action}]
    assert only_path(document) == f"$.permission[0].duty[0].action[0].refinement{path}"


@pytest.mark.parametrize(
    ("prohibition", "path"),
    [
        ({"action": "use"}, ""),
        ({"action": "sell"}, ".action"),
        ({"action": "abc:trainOthers", "constraint": [GAMMA]}, ""),
        ({"action": "use", "constraint": [GAMMA]}, ".constraint[0].leftOperand"),
        ({"action": "use", "constraint": [GAMMA, GAMMA]}, ""),
        ({"action": "use", "constraint": [{"leftOperand": "purpose", "operator": "isAnyOf",
                                           "rightOperand": {"@id": "abc:anyPurpose"}}]}, ".constraint[0]"),
    ],
)  # fmt: skip
def test_a_prohibition_that_is_not_understood_is_refused(prohibition: Any, path: str) -> None:
    document = offer()
    document["prohibition"].append(prohibition)
    assert only_path(document) == f"$.prohibition[{len(document['prohibition']) - 1}]{path}"


def test_what_everybody_pays_stands_in_one_duty() -> None:
    document = offer()
    duties = document["permission"][0]["duty"]
    least = {"leftOperand": "abc:leastPerAnswer", "operator": "eq", "rightOperand": 5, "unit": "abc:microUSD"}
    duties.append({"action": [{"rdf:value": {"@id": "odrl:compensate"}, "refinement": [least]}]})
    assert only_path(document) == f"$.permission[0].duty[{len(duties) - 1}]"


def test_what_the_plain_form_refuses_is_said_where_it_stands_in_the_offer() -> None:
    document = offer()
    place = place_of(document, "abc:influence")
    document["permission"][0]["constraint"][place]["rightOperand"] = 100
    [(path, sentence)] = problems(document)
    per_answer = place_of(document, "abc:influencePerAnswer")
    assert path == f"{CONSTRAINT}[{per_answer}]"
    assert "per_answer is larger than the limit lifetime" in sentence
    assert "$.influence_nats.per_answer" in sentence


def test_all_problems_are_told_at_once() -> None:
    document = offer() | {"conflict": "perm", "obligation": []}
    document["permission"][0]["constraint"].append(
        {"leftOperand": "count", "operator": "eq", "rightOperand": 1}
    )
    assert len(problems(document)) == 3


def test_names_that_were_left_out_for_others_cannot_come_back() -> None:
    document = offer()
    place = place_of(document, "recipient")
    document["permission"][0]["constraint"][place]["rightOperand"] = {"@id": "abc:undisclosed"}
    assert only_path(document) == f"{CONSTRAINT}[{place}]"


def test_everybody_alone_is_said_by_leaving_the_constraint_out() -> None:
    document = offer()
    place = place_of(document, "recipient")
    document["permission"][0]["constraint"][place]["rightOperand"] = {"@id": "abc:anyone"}
    assert only_path(document) == f"{CONSTRAINT}[{place}].rightOperand"


@pytest.mark.parametrize("document", [None, 5, "offer", [], {}, {"@graph": []}, [offer()]])
def test_what_is_no_offer_at_all_is_refused(document: object) -> None:
    assert problems(document)


KEYS = st.text(max_size=6) | st.sampled_from(WORDS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_at_all_is_refused_in_words(document: object) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        imported(document, PLACE)
    for one in refused.value.problems:
        assert one.path.startswith("$")
        assert one.sentence.endswith(".")


@given(policies(), JSON, st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_offer_with_anything_in_any_place_is_taken_or_refused_in_words(
    plain: dict[str, Any], something: object, data: st.DataObject
) -> None:
    document = json.loads(json.dumps(exported(plain, PLACE)))
    spots = list(places(document))
    holder, key = data.draw(st.sampled_from(spots))
    holder[key] = something
    try:
        again = imported(document, PLACE)
    except PolicyInvalid:
        return
    assert canonical(exported(again, PLACE), PLACE) == canonical(document, PLACE)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: what holds it, and the key or the number."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)
