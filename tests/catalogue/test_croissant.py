"""A source's Croissant document, judged by the format's own validator."""

import warnings
from typing import Any

import pytest

from tests.builders import upload
from tests.cast import Actor, Cast
from tests.catalogue.shelf import offered
from tests.catalogue.test_dcat import HOSTILE, ROOT

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def validated(document: dict[str, Any], *, may_lack: tuple[str, ...] = ()) -> Any:
    """What the validator read; it raises for errors, and what it would like to see besides fails too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries that it imports
        import mlcroissant

        read = mlcroissant.Dataset(jsonld=document).metadata
    assert not read.ctx.issues.errors
    missing = [one for one in read.ctx.issues.warnings if not one.split('"')[1].endswith(may_lack or "-")]
    assert missing == []
    return read


def served(actor: Any, slug: str = "almanac") -> dict[str, Any]:
    reply = actor.get(f"/v1/sources/{slug}/croissant")
    assert (reply.status_code, reply["Content-Type"]) == (200, "application/ld+json")
    body: dict[str, Any] = reply.json()
    return body


def with_text(owner: Actor, **details: Any) -> None:
    upload(owner, offered(owner, "almanac", **details))


def test_the_served_document_is_valid_and_says_where_the_policy_is(cast: Cast) -> None:
    with_text(cast.owner, title="Almanac", description="Facts.", topics=("health",))
    read = validated(served(cast.stranger))
    assert (read.name, read.description, str(read.version)) == ("Almanac", "Facts.", "1.0.0")
    assert [str(one) for one in read.conforms_to] == ["http://mlcommons.org/croissant/1.1"]
    again = read.to_json()
    assert again["usageInfo"] == {"@id": f"{ROOT}/v1/sources/almanac/odrl"}
    assert again["license"] == "https://spdx.org/licenses/CC-BY-4.0"


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "x" * 200, "@id", "http://mlcommons.org/croissant/1.0", "null", "a\tb", "\u0600\u200f", "-0"],
)
def test_hostile_and_foreign_texts_stay_valid(cast: Cast, text: str) -> None:
    with_text(cast.owner, title=text, description=text, license=text[:100])
    read = validated(served(cast.stranger))
    assert (read.name, read.description) == (text, text)


@pytest.mark.parametrize(
    "details",
    [
        {"description": "", "license": ""},
        {"visibility": "listed_on_request"},
        {"topics": ("health", "energy", "science")},
        {"regime": "privacy", "privacy": {"budget_nats": 1, "eta": 0.1, "delta": 1e-6}},
    ],
)
def test_whatever_an_owner_leaves_out_the_document_is_valid(cast: Cast, details: dict[str, Any]) -> None:
    offered(cast.owner, "almanac", **details)
    validated(served(cast.stranger), may_lack=("/version", "/license"))
