"""Cards as DCAT 3 in JSON-LD: what other catalogues harvest. The context stands in the document itself.

Every dataset names its policy (ODRL), its publisher, its licence and the service that it is used by; its text
has no address, because it is never handed out.
"""

from collections.abc import Sequence
from typing import Any

from marketplace.catalogue.cards import Card
from marketplace.catalogue.site import Site, license_iri

CONTEXT: dict[str, Any] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_RIGHTS = "http://publications.europa.eu/resource/authority/access-right/"


def catalog(
    cards: Sequence[Card], site: Site, *, count: int, this: str, next_page: str | None, previous: str | None
) -> dict[str, Any]:
    """One page of the catalogue; the pages are linked in the words of Hydra."""
    view = {"@id": this, "@type": "hydra:PartialCollectionView", "hydra:first": _iri(site.catalog)}
    for word, address in (("hydra:next", next_page), ("hydra:previous", previous)):
        if address is not None:
            view[word] = _iri(address)
    return {
        "@context": CONTEXT,
        "@id": site.catalog,
        "@type": ["dcat:Catalog", "hydra:Collection"],
        "dct:title": "Deep Voting Market",
        "dct:description": "Sources that may vote in answers, each under a policy of its owner.",
        "foaf:homepage": _iri(f"{site.root}/catalogue"),
        "hydra:totalItems": count,
        "hydra:view": view,
        "dcat:service": _service(site),
        "dcat:dataset": [_dataset(card, site) for card in cards],
    }


def dataset(card: Card, site: Site) -> dict[str, Any]:
    return {"@context": CONTEXT, **_dataset(card, site)}


def _dataset(card: Card, site: Site) -> dict[str, Any]:
    source = card.source
    policy = _iri(site.policy(source))
    said: dict[str, Any] = {
        "@id": site.dataset(source),
        "@type": "dcat:Dataset",
        "dct:identifier": source.slug,
        "dct:title": source.title,
        "dct:publisher": {
            "@id": site.owner(source.organisation),
            "@type": "foaf:Agent",
            "foaf:name": source.organisation.name,
        },
        "dct:issued": _moment(source.created_at),
        "dct:accessRights": _iri(f"{_RIGHTS}{'PUBLIC' if card.details else 'RESTRICTED'}"),
        "dcat:theme": [_iri(topic.theme) for topic in card.topics],
        "dcat:landingPage": _iri(site.page(source)),
        "odrl:hasPolicy": policy,
        "dcat:distribution": {
            "@id": f"{site.dataset(source)}#answers",
            "@type": "dcat:Distribution",
            "dct:title": "Its vote in answers",
            "dcat:accessURL": _iri(f"{site.api}/chat/completions"),
            "dcat:accessService": _service(site),
            "odrl:hasPolicy": policy,
        },
    }
    if source.license:
        said["dct:license"] = _license(source.license)
    if card.details:
        said["dct:modified"] = _moment(card.details.updated_at)
        said["dct:description"] = source.description
        said["dcat:version"] = str(card.details.versions)
    return said


def _service(site: Site) -> dict[str, Any]:
    return {
        "@id": f"{site.api}#service",
        "@type": "dcat:DataService",
        "dct:title": "Answers over an OpenAI-compatible API",
        "dcat:endpointURL": _iri(site.api),
        "dcat:endpointDescription": _iri(f"{site.api}/schema"),
    }


def _license(text: str) -> dict[str, Any]:
    iri = license_iri(text)
    return _iri(iri) if iri else {"@type": "dct:LicenseDocument", "rdfs:label": text}


def _moment(value: Any) -> dict[str, str]:
    return {"@value": value.isoformat(timespec="seconds"), "@type": "xsd:dateTime"}


def _iri(address: str) -> dict[str, str]:
    return {"@id": address}
