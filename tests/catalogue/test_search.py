"""Finding sources by words, facets and order, and the pages of what was found."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.models import CatalogueEntry
from tests.api.reading import problem
from tests.builders import draft_source, upload
from tests.cast import Cast
from tests.catalogue.shelf import counts, found, offered, slugs

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def shelf(cast: Cast) -> Cast:
    """Five sources of two owners."""
    offered(cast.owner, "alpine", title="Field notes on alpine plants", topics=("environment", "science"),
            description="Gentians and saxifrage, drawn in the Écrins.", price_micro_usd_per_nat=1500,
            quote=True)  # fmt: skip
    offered(cast.owner, "tides", title="Harbour tide tables", topics=("transport",),
            price_micro_usd_per_nat=50, regime="attribution", floor_nats=0.5)  # fmt: skip
    offered(cast.owner, "free", title="Free verse", topics=("culture",), license="",
            price_micro_usd_per_nat=0)  # fmt: skip
    offered(cast.second_owner, "essays", title="Political essays", topics=("government", "culture"),
            price_micro_usd_per_nat=20_000, quote=True)  # fmt: skip
    offered(cast.second_owner, "plants", title="Power plants", topics=("energy",), license="Own terms",
            price_micro_usd_per_nat=900)  # fmt: skip
    draft_source(cast.owner, "unfinished")
    return cast


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=plants", ["alpine", "plants"]),
        ("q=PLANT", ["alpine", "plants"]),
        ("q=alp+pla", ["alpine"]),
        ("q=ecrins", ["alpine"]),
        ("q=Écrins", ["alpine"]),
        ("q=lant", []),
        ("q=second+owner", ["essays", "plants"]),
        ("q=unfinished", []),
        ("q=%25", []),
        ("q=a:*%26zz|'--", []),
        ("q=culture", ["free", "essays"]),
        ("topic=culture", ["free", "essays"]),
        ("topic=culture&topic=energy", ["free", "essays", "plants"]),
        ("topic=culture&quoting=yes", ["essays"]),
        ("license=not-stated", ["free"]),
        ("license=Own+terms&license=not-stated", ["free", "plants"]),
        ("price=free", ["free"]),
        ("price=low", ["tides"]),
        ("price=low&price=top", ["tides", "essays"]),
        ("price=middle", ["plants"]),
        ("price=high", ["alpine"]),
        ("regime=attribution", ["tides"]),
        ("quoting=no", ["tides", "free", "plants"]),
        ("approval=yes", []),
        ("owner=second-owner", ["essays", "plants"]),
        ("owner=nobody", []),
        ("fresh=30", ["alpine", "tides", "free", "essays", "plants"]),
    ],
)
def test_words_and_facets_narrow(shelf: Cast, query: str, expected: list[str]) -> None:
    assert sorted(slugs(shelf.stranger, query)) == sorted(expected)
    assert found(shelf.stranger, query)["count"] == len(expected)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["alpine", "free", "tides", "essays", "plants"]),
        ("newest", ["plants", "essays", "free", "tides", "alpine"]),
        ("cheapest", ["free", "tides", "plants", "alpine", "essays"]),
    ],
)
def test_the_order_is_the_one_that_was_asked_for(shelf: Cast, sort: str, expected: list[str]) -> None:
    assert slugs(shelf.stranger, f"sort={sort}") == expected


def test_what_the_card_itself_says_comes_before_what_its_description_says(shelf: Cast) -> None:
    offered(shelf.owner, "aaa", title="Aaa", description="About harbours.")
    assert slugs(shelf.stranger, "q=harbour") == ["tides", "aaa"]


@pytest.mark.parametrize("sort", ["best", "newest", "title", "cheapest"])
def test_pages_follow_each_other_forwards_and_back(shelf: Cast, sort: str) -> None:
    whole = slugs(shelf.stranger, f"q=t&sort={sort}")
    forwards, address = [], f"/v1/catalogue?q=t&sort={sort}&page_size=1"
    pages = []
    while address:
        page = shelf.stranger.get(address).json()
        pages.append(page)
        forwards += [one["slug"] for one in page["results"]]
        address = page["next"]
    assert forwards == whole
    assert len(whole) > 2
    backwards, address = [], pages[-1]["previous"]
    while address:
        page = shelf.stranger.get(address).json()
        backwards += [one["slug"] for one in page["results"]]
        address = page["previous"]
    assert backwards == whole[-2::-1]


def test_a_page_stays_right_while_sources_are_added(shelf: Cast) -> None:
    first = found(shelf.stranger, "sort=title&page_size=2")
    offered(shelf.owner, "early", title="Aardvarks")
    following = shelf.stranger.get(first["next"]).json()
    assert [one["slug"] for one in following["results"]] == ["tides", "essays"]


@pytest.mark.parametrize(
    "query",
    [
        "topic=astrology", "price=cheap", "regime=none", "quoting=maybe", "fresh=31", "sort=random",
        "cursor=%21%21", "cursor=WzFd", "cursor=bnVsbA", "page_size=0", "page_size=101", "page_size=x",
        "owner=%00", f"q={'x' * 201}", "cursor=WyJuZXdlc3QiLGZhbHNlLFsieCIsMV1d",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_invalid(shelf: Cast, query: str) -> None:
    reply = shelf.stranger.get(f"/v1/catalogue?{query}")
    assert problem(reply, 422, reply.json()["code"])["code"] in {"invalid_filter", "invalid_cursor"}


def test_a_cursor_of_another_order_is_refused(shelf: Cast) -> None:
    following = found(shelf.stranger, "sort=title&page_size=1")["next"]
    problem(shelf.stranger.get(following.replace("sort=title", "sort=cheapest")), 422, "invalid_cursor")


def test_a_facet_counts_with_all_other_filters_and_without_its_own(shelf: Cast) -> None:
    assert counts(shelf.stranger, "topic", "topic=culture") == {
        "culture": 2, "energy": 1, "environment": 1, "government": 1, "science": 1, "transport": 1,
    }  # fmt: skip
    assert counts(shelf.stranger, "owner", "topic=culture") == {"owner": 1, "second-owner": 1}
    assert counts(shelf.stranger, "price", "price=free&quoting=no") == {"free": 1, "low": 1, "middle": 1}
    assert counts(shelf.stranger, "license", "quoting=no") == {
        "CC-BY-4.0": 1, "Own terms": 1, "not-stated": 1,
    }  # fmt: skip
    assert counts(shelf.stranger, "quoting", "q=plants") == {"yes": 1, "no": 1}
    assert counts(shelf.stranger, "fresh") == {"30": 5, "90": 5, "365": 5}


def test_counts_are_those_of_the_lists_that_they_lead_to(shelf: Cast) -> None:
    for facet in found(shelf.stranger, "q=t")["facets"]:
        for choice in facet["choices"]:
            leads_to = found(shelf.stranger, f"q=t&{facet['name']}={choice['value']}")
            assert leads_to["count"] == choice["count"] == len(leads_to["results"]), choice


def test_what_is_chosen_is_offered_even_where_nothing_has_it(shelf: Cast) -> None:
    (topic,) = [one for one in found(shelf.stranger, "topic=health")["facets"] if one["name"] == "topic"]
    assert {"value": "health", "title": "Health", "count": 0, "chosen": True} in topic["choices"]


def test_nothing_found_says_which_filter_to_leave_out(shelf: Cast) -> None:
    nothing = found(shelf.stranger, "q=verse&topic=culture&price=top")
    assert nothing["count"] == 0
    assert [(one["facet"], one["count"]) for one in nothing["loosen"]] == [("price", 1), ("q", 1)]
    assert found(shelf.stranger, "q=verse")["loosen"] == []


def test_a_change_of_the_text_makes_a_source_fresh(shelf: Cast) -> None:
    CatalogueEntry.objects.update(updated_at=timezone.now() - timedelta(days=100))
    assert counts(shelf.stranger, "fresh") == {"365": 5}
    source = CatalogueEntry.objects.get(source__slug="tides").source
    upload(shelf.owner, source)
    assert slugs(shelf.stranger, "fresh=30") == ["tides"]
    assert slugs(shelf.stranger, "fresh=30&fresh=365") == slugs(shelf.stranger)


def test_the_number_of_queries_does_not_grow(shelf: Cast, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(9):
        few = found(shelf.stranger, "q=t")["count"]
    for number in range(15):
        offered(shelf.owner, f"more-{number}", title=f"Title {number}")
    with django_assert_max_num_queries(9):
        assert found(shelf.stranger, "q=t")["count"] == few + 15
