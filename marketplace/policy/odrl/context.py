"""What stands at the profile's address: its JSON-LD context and its terms, in one document, and as Turtle.

A processor that asks for the context finds it here and leaves the rest; a person or a program that asks what
a term means finds its definition.
"""

from collections.abc import Iterator
from typing import Any

from marketplace.policy.odrl.terms import ODRL, PROFILE_PATH, XSD, Term, prefixes
from marketplace.policy.odrl.vocabulary import purposes, terms

TITLE = "Attribution-based control: an ODRL profile"
_OTHERS = {
    "odrl": ODRL,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": XSD,
}
_CLASSES = {
    "LeftOperand": "odrl:LeftOperand",
    "Action": "odrl:Action",
    "RightOperand": "odrl:RightOperand",
    "Unit": "skos:Concept",
    "Property": "rdf:Property",
    "Class": "rdfs:Class",
}


def context(base: str) -> dict[str, Any]:
    """The prefixes, and two of ODRL's own terms that older copies of its context leave untyped."""
    ours = {name: {"@id": address, "@prefix": True} for name, address in prefixes(base).items()}
    return {
        **_OTHERS,
        **ours,
        "refinement": {"@id": "odrl:refinement", "@type": "@id"},
        "unit": {"@id": "odrl:unit", "@type": "@id"},
    }


def document(base: str) -> dict[str, Any]:
    profile = {"@id": f"{base}{PROFILE_PATH}", "@type": "skos:ConceptScheme", "rdfs:label": TITLE}
    return {"@context": context(base), "@graph": [profile, *_graph(base)]}


def _graph(base: str) -> Iterator[dict[str, Any]]:
    scheme = {"@id": f"{base}{PROFILE_PATH}"}
    for term in terms():
        yield {
            "@id": term.short, "@type": _CLASSES[term.kind], "rdfs:label": _label(term),
            "skos:definition": term.meaning, "skos:inScheme": scheme,
        }  # fmt: skip
    for purpose in purposes():
        broader = {} if purpose.broader is None else {"skos:broader": {"@id": purpose.broader}}
        yield {
            "@id": purpose.short, "@type": "skos:Concept", "rdfs:label": purpose.label,
            "skos:inScheme": scheme, **broader,
        }  # fmt: skip


def turtle(base: str) -> str:
    """The same graph; every address in full, so that nothing depends on how prefixes are cut."""
    spelled = {**_OTHERS, **prefixes(base)}
    lines = []
    for node in document(base)["@graph"]:
        subject = _address(node["@id"], spelled)
        for key, value in node.items():
            if key != "@id":
                predicate = "a" if key == "@type" else _address(key, spelled)
                lines.append(f"{subject} {predicate} {_object(key, value, spelled)} .")
    return "\n".join(lines) + "\n"


def _object(key: str, value: Any, spelled: dict[str, str]) -> str:
    if isinstance(value, dict):
        return _address(value["@id"], spelled)
    if key == "@type":
        return _address(value, spelled)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _address(name: str, spelled: dict[str, str]) -> str:
    prefix, _, rest = name.partition(":")
    return f"<{spelled[prefix]}{rest}>" if prefix in spelled else f"<{name}>"


def _label(term: Term) -> str:
    """`influencePerAnswer` as `influence per answer`."""
    return "".join(f" {one.lower()}" if one.isupper() else one for one in term.name)
