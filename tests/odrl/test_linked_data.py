"""Independent readers of linked data understand what we write: every name is a name, and ours are defined.

No address is fetched: the context of ODRL stands here as its vocabulary gives it, as far as offers use it.
"""

from typing import Any

import pyld.jsonld
import rdflib
import rdflib.compare
from hypothesis import HealthCheck, given, settings

from marketplace.policy.odrl import context
from marketplace.policy.odrl.document import exported
from marketplace.policy.odrl.terms import ODRL, ODRL_CONTEXT, XSD
from tests.odrl.policies import PLACE, policies

NAMED = ("permission", "prohibition", "duty", "constraint", "target", "assigner", "profile")
WORDS = ("action", "leftOperand", "operator", "conflict")
OTHERS = ("Offer", "rightOperand", "use", "prohibit", "compensate", "attribute", "obtainConsent", "recipient",
          "purpose", "spatial", "dateTime", "payAmount", "eq", "gteq", "lteq", "lt", "isAnyOf", "isNoneOf",
          "isPartOf")  # fmt: skip
ODRL_S_OWN = {
    "odrl": ODRL,
    "rdf": str(rdflib.RDF),
    "xsd": XSD,
    "uid": {"@type": "@id", "@id": "@id"},
    **{name: {"@type": "@id", "@id": f"odrl:{name}"} for name in NAMED},
    **{name: {"@type": "@vocab", "@id": f"odrl:{name}"} for name in WORDS},
    **{name: f"odrl:{name}" for name in OTHERS},
}
DEFINED = {
    pyld.jsonld.expand(node | {"@context": context.context(PLACE.base)})[0]["@id"]
    for node in context.document(PLACE.base)["@graph"]
}
OPEN = ("/organisations/", "/groups/", "/domains/")  # names of parties: as many as there are


def loader(url: str, _options: dict[str, Any]) -> dict[str, Any]:
    known = {
        ODRL_CONTEXT: {"@context": ODRL_S_OWN},
        PLACE.profile: context.document(PLACE.base),
    }
    return {"contextUrl": None, "documentUrl": url, "document": known[url]}


def expanded(document: dict[str, Any]) -> Any:
    [policy] = pyld.jsonld.expand(document, {"documentLoader": loader})
    return policy


def names(value: Any) -> set[str]:
    """Every key and every name below an expanded value."""
    if isinstance(value, dict):
        own = {value["@id"]} if "@id" in value else set()
        own |= set(value.get("@type", [])) if isinstance(value.get("@type"), list) else {value.get("@type")}
        return own | {key for key in value if not key.startswith("@")} | names(list(value.values()))
    return set().union(*map(names, value)) if isinstance(value, list) else set()


@given(policies())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_offer_expands_without_loss_and_every_name_of_ours_is_defined(plain: dict[str, Any]) -> None:
    document = exported(plain, PLACE)
    found = {name for name in names(expanded(document)) if name is not None}
    assert all("://" in name for name in found), "a name that is none, or a term without a meaning"
    ours = {name for name in found if name.startswith(PLACE.profile)}
    assert {name for name in ours if not any(part in name for part in OPEN)} <= DEFINED | {PLACE.profile}
    assert count(document, "leftOperand") == count(expanded(document), f"{ODRL}leftOperand")


def count(value: Any, key: str) -> int:
    if isinstance(value, dict):
        return (key in value) + sum(count(inner, key) for inner in value.values())
    return sum(count(inner, key) for inner in value) if isinstance(value, list) else 0


def graph(document: dict[str, Any]) -> rdflib.Graph:
    quads = pyld.jsonld.to_rdf(document, {"documentLoader": loader, "format": "application/n-quads"})
    return rdflib.Graph().parse(data=quads, format="nt")


def test_an_offer_says_in_rdf_what_it_should() -> None:
    plain = {"consumers": {"allow": ["buyer"]}, "influence_nats": {"per_answer": 200}, "approval": "required"}
    found = graph(exported(plain, PLACE))
    odrl, abc = rdflib.Namespace(ODRL), rdflib.Namespace(f"{PLACE.profile}#")
    policy = rdflib.URIRef(PLACE.uid)
    assert (policy, rdflib.RDF.type, odrl.Offer) in found
    assert (policy, odrl.profile, rdflib.URIRef(PLACE.profile)) in found
    assert (policy, odrl.conflict, odrl.prohibit) in found
    [permission] = found.objects(policy, odrl.permission)
    [duty] = found.objects(permission, odrl.duty)
    assert (duty, odrl.action, odrl.obtainConsent) in found
    [limit] = found.subjects(odrl.leftOperand, abc.influencePerAnswer)
    assert found.value(limit, odrl.rightOperand) == rdflib.Literal("200", datatype=rdflib.XSD.decimal)
    assert found.value(limit, odrl.unit) == abc.nat
    [who] = found.subjects(odrl.leftOperand, odrl.recipient)
    assert found.value(who, odrl.rightOperand) == rdflib.URIRef(f"{PLACE.profile}/organisations/buyer")


def test_the_profile_is_the_same_graph_in_both_of_its_forms() -> None:
    linked = graph(context.document(PLACE.base))
    turtle = rdflib.Graph().parse(data=context.turtle(PLACE.base), format="turtle")
    assert len(linked) > 200
    assert rdflib.compare.isomorphic(linked, turtle)
