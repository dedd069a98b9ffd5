"""A card as Croissant 1.1, the description of datasets that machine-learning tools read.

It has no `distribution` and no records: the text is never handed out, only voted with. `usageInfo` is the
policy, `url` the page that says how to use it.
"""

from typing import Any

from marketplace.catalogue.cards import Card
from marketplace.catalogue.site import Site, citation, license_iri

_CR = "cr:"
_TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileProperty",
    "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate",
    "separator", "source", "subField", "transform",
)  # fmt: skip
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "usageInfo": {"@type": "@id"},
    **{term: f"{_CR}{term}" for term in _TERMS},
}
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
UNDESCRIBED = "Its owner has not described it."
ON_REQUEST = "Listed on request: its description and its use are open by agreement with its owner."


def croissant(card: Card, site: Site) -> dict[str, Any]:
    source, owner = card.source, card.source.organisation
    said: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "@id": site.dataset(source),
        "conformsTo": CONFORMS_TO,
        "name": source.title,
        "description": (source.description or UNDESCRIBED) if card.details else ON_REQUEST,
        "url": site.page(source),
        "usageInfo": site.policy(source),
        "datePublished": source.created_at.isoformat(timespec="seconds"),
        "creator": {"@type": "sc:Organization", "name": owner.name, "url": site.owner(owner)},
        "citeAs": citation(source, site),
        "keywords": [topic.title for topic in card.topics],
    }
    if source.license:
        said["license"] = license_iri(source.license) or source.license
    if card.details:
        said["dateModified"] = card.details.updated_at.isoformat(timespec="seconds")
        if card.details.versions:
            said["version"] = f"{card.details.versions}.0.0"
    return said
