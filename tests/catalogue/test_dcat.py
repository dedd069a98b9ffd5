"""/catalog and a source's DCAT, read as RDF by another library: whole, under a policy each."""

from typing import Any

import pytest
from rdflib import DCAT, DCTERMS, Graph, Literal, URIRef

from marketplace.api import linked
from tests.api.reading import problem
from tests.cast import Cast
from tests.catalogue.shelf import offered

pytestmark = [pytest.mark.books, pytest.mark.django_db]
ROOT = "http://testserver"
HOSTILE = 'Wale "und" <script>alert(1)</script> \\ \u202e \U0001f40b 日本語 {"@id": "x"} \n@context'
WITHOUT_POLICY = """
    PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX odrl: <http://www.w3.org/ns/odrl/2/>
    SELECT ?one WHERE { ?one a dcat:Dataset FILTER NOT EXISTS { ?one odrl:hasPolicy ?policy } }
"""
COMPLETE = """
    PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/>
    PREFIX odrl: <http://www.w3.org/ns/odrl/2/> PREFIX foaf: <http://xmlns.com/foaf/0.1/>
    SELECT ?one ?policy WHERE { ?catalog a dcat:Catalog ; dcat:dataset ?one . ?one dct:title ?title ;
        odrl:hasPolicy ?policy ; dct:publisher/foaf:name ?who ; dct:issued ?when ;
        dcat:distribution/dcat:accessService/dcat:endpointURL ?api . }
"""


def graph_of(reply: Any) -> Graph:
    assert reply.status_code == 200, reply.content
    assert reply["Content-Type"] == "application/ld+json"
    return Graph().parse(data=reply.content.decode(), format="json-ld")


def test_every_dataset_is_complete_and_has_a_policy(cast: Cast) -> None:
    offered(cast.owner, "almanac", topics=("health",))
    offered(cast.second_owner, "ballads", license="", visibility="listed_on_request")
    graph = graph_of(cast.stranger.get("/catalog"))
    assert list(graph.query(WITHOUT_POLICY)) == []
    found = {str(row.one): str(row.policy) for row in graph.query(COMPLETE)}  # type: ignore[union-attr]
    assert found == {
        f"{ROOT}/v1/sources/{slug}": f"{ROOT}/v1/sources/{slug}/odrl" for slug in ("almanac", "ballads")
    }


def test_a_dataset_says_licence_theme_and_rights_in_published_terms(cast: Cast) -> None:
    offered(cast.owner, "almanac", topics=("health",))
    graph = graph_of(cast.stranger.get("/v1/sources/almanac/dcat"))
    one = URIRef(f"{ROOT}/v1/sources/almanac")
    authority = "http://publications.europa.eu/resource/authority"
    assert graph.value(one, DCTERMS.license) == URIRef("https://spdx.org/licenses/CC-BY-4.0")
    assert graph.value(one, DCAT.theme) == URIRef(f"{authority}/data-theme/HEAL")
    assert graph.value(one, DCTERMS.accessRights) == URIRef(f"{authority}/access-right/PUBLIC")
    assert graph.value(one, DCAT.landingPage) == URIRef(f"{ROOT}/catalogue/almanac")


def test_hostile_texts_stay_texts(cast: Cast) -> None:
    offered(cast.owner, "almanac", title=HOSTILE, description=HOSTILE, license="Own <terms>")
    graph = graph_of(cast.stranger.get("/catalog"))
    one = URIRef(f"{ROOT}/v1/sources/almanac")
    assert graph.value(one, DCTERMS.title) == Literal(HOSTILE)
    assert graph.value(one, DCTERMS.description) == Literal(HOSTILE)
    assert len(list(graph.subjects(None, DCAT.Dataset))) == 1


def test_pages_are_linked_and_hold_every_dataset_once(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(linked, "A_PAGE", 2)
    for number in range(5):
        offered(cast.owner, f"s{number}")
    seen, address = [], "/catalog"
    while address:
        page = cast.stranger.get(address).json()
        assert page["hydra:totalItems"] == 5
        seen += [one["dct:identifier"] for one in page["dcat:dataset"]]
        address = page["hydra:view"].get("hydra:next", {}).get("@id", "")
    assert seen == [f"s{number}" for number in range(5)]
    problem(cast.stranger.get("/catalog?cursor=x"), 422, "invalid_cursor")


def test_a_private_source_is_in_no_document_and_in_no_count(cast: Cast) -> None:
    offered(cast.owner, "sealed-box", title="Whales", visibility="private")
    for client in (cast.stranger, cast.outsider.api, cast.operator.api):
        page = client.get("/catalog")
        assert b"Whales" not in page.content
        assert (page.json()["hydra:totalItems"], page.json()["dcat:dataset"]) == (0, [])
        for part in ("dcat", "croissant"):
            hidden = client.get(f"/v1/sources/sealed-box/{part}")
            absent = client.get(f"/v1/sources/absent/{part}")
            assert hidden.status_code == absent.status_code == 404
            assert hidden.content.replace(b"sealed-box", b"") == absent.content.replace(b"absent", b"")
    assert cast.owner.api.get("/catalog").json()["hydra:totalItems"] == 1
    assert cast.owner.api.get("/v1/sources/sealed-box/dcat").json()["dct:title"] == "Whales"


def test_a_source_on_request_shows_its_card_alone(cast: Cast) -> None:
    offered(cast.owner, "carded", description="Tristan.", visibility="listed_on_request")
    for part in ("dcat", "croissant"):
        told = cast.stranger.get(f"/v1/sources/carded/{part}").content.decode()
        assert "Carded" in told
        assert "Tristan" not in told
        assert "dct:modified" not in told
        assert "dateModified" not in told


def test_the_number_of_queries_does_not_grow(cast: Cast, django_assert_max_num_queries) -> None:
    for number in range(12):
        offered(cast.owner, f"s{number}")
    with django_assert_max_num_queries(6):
        assert len(cast.stranger.get("/catalog").json()["dcat:dataset"]) == 12
