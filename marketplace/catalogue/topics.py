"""The published list of topics: the data themes of the EU's catalogues, so that other catalogues read ours.

A source has at most three. In the catalogue's rows a topic is a bit, by its place here: add at the end, never
move one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_TOPICS = 3
_THEMES = "http://publications.europa.eu/resource/authority/data-theme/"


@dataclass(frozen=True, slots=True)
class Topic:
    slug: str
    title: str
    theme: str  # its IRI


_TABLE = (
    ("agriculture", "Agriculture, fisheries, forestry and food", "AGRI"),
    ("economy", "Economy and finance", "ECON"),
    ("culture", "Education, culture and sport", "EDUC"),
    ("energy", "Energy", "ENER"),
    ("environment", "Environment", "ENVI"),
    ("government", "Government and public sector", "GOVE"),
    ("health", "Health", "HEAL"),
    ("international", "International issues", "INTR"),
    ("justice", "Justice, legal system and public safety", "JUST"),
    ("regions", "Regions and cities", "REGI"),
    ("society", "Population and society", "SOCI"),
    ("science", "Science and technology", "TECH"),
    ("transport", "Transport", "TRAN"),
)
TOPICS = {slug: Topic(slug, title, _THEMES + code) for slug, title, code in _TABLE}
_BITS = {slug: 1 << place for place, slug in enumerate(TOPICS)}


def bits_of(slugs: Iterable[str]) -> int:
    return sum(_BITS[slug] for slug in set(slugs))


def slugs_of(bits: int) -> list[str]:
    return [slug for slug, bit in _BITS.items() if bits & bit]
