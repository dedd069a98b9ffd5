"""Near-duplicates are found when a version comes, told to whom may know, and vote as one."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace import listing, registration, standing
from marketplace.duplicates import comparing
from marketplace.duplicates.overlaps import groups_among, overlaps_of
from marketplace.models import Resemblance, SketchMark, Source, SourceVersion, VersionSketch
from tests.builders import draft_source, publish, train, upload
from tests.cast import Actor, Cast

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVATE = {"regime": "privacy", "privacy": {"budget_nats": 1, "eta": 0.1, "delta": 1e-6}}


def words(seed: int, count: int = 3_000) -> list[str]:
    draw = random.Random(seed)
    return [f"w{draw.randrange(10**9)}" for _ in range(count)]


OWN, FOREIGN = words(1), words(2)
COPY = OWN[:2_500] + FOREIGN[:500]


def with_text(owner: Actor, slug: str, text: list[str], **policy: Any) -> Source:
    source = draft_source(owner, slug)
    upload(owner, source, text=" ".join(text))
    return publish(owner, source, **policy)


def compare() -> int:
    return comparing.compare_due(now=timezone.now(), clock=timezone.now)


def told(source: Source) -> dict[str, str]:
    return {one.other.slug: one.percent for one in overlaps_of(source)}


def test_an_owner_is_told_how_much_of_a_text_is_in_a_public_source(cast: Cast) -> None:
    original = with_text(cast.owner, "original", OWN)
    with_text(cast.owner, "unlike", words(3))
    copy = draft_source(cast.second_owner, "copy")
    upload(cast.second_owner, copy, text=" ".join(COPY))
    assert compare() == 3
    ((slug, share),) = told(copy).items()
    assert slug == "original"
    assert 76 <= int(share.split()[0]) <= 90, "83 in 100, give or take the error that it states"
    assert share.endswith("%")
    assert told(original) == {}, "a draft of somebody else does not exist"
    assert compare() == 0


def test_both_owners_are_told_once_both_are_public(cast: Cast) -> None:
    original = with_text(cast.owner, "original", OWN)
    with_text(cast.second_owner, "copy", COPY)
    compare()
    assert list(told(original)) == ["copy"]
    found = cast.owner.api.get("/v1/sources/original/overlaps").json()["results"]
    assert [(one["source"], one["organisation"], one["votes_as_one"]) for one in found] == [
        ("copy", "second-owner", True)
    ]
    assert cast.second_owner.api.get("/v1/sources/original/overlaps").status_code == 404
    page = cast.owner.browser.get("/sources/original").content.decode()
    assert "of its text is also in" in page


@pytest.mark.parametrize("visibility", ["private", "listed_on_request"])
def test_nobody_is_told_of_a_source_that_is_not_open_to_them(cast: Cast, visibility: str) -> None:
    original = with_text(cast.owner, "original", OWN)
    listing.set_visibility(
        source=original, visibility=visibility, acting_user=cast.owner.user, now=timezone.now()
    )
    copy = with_text(cast.second_owner, "copy", COPY)
    compare()
    assert Resemblance.objects.count() == 1, "operators see it, and the two vote as one"
    assert told(copy) == {}
    assert cast.second_owner.api.get("/v1/sources/copy/overlaps").json()["results"] == []
    page = cast.second_owner.browser.get("/sources/copy").content.decode()
    assert "is also in" not in page


def test_nobody_can_ask_whether_a_paragraph_is_in_a_large_source(cast: Cast) -> None:
    with_text(cast.owner, "library", words(1, 40_000))
    probe = with_text(cast.second_owner, "probe", words(1, 40_000)[100:400])
    compare()
    assert told(probe) == {}


def test_a_source_in_the_privacy_regime_takes_no_part(cast: Cast) -> None:
    private = with_text(cast.owner, "private", OWN, **PRIVATE)
    copy = with_text(cast.second_owner, "copy", COPY)
    assert compare() == 1
    assert not VersionSketch.objects.filter(version__source=private).exists()
    assert (told(copy), told(private)) == ({}, {})


def test_what_was_known_of_a_source_is_forgotten_when_it_becomes_private(cast: Cast) -> None:
    private = with_text(cast.owner, "private", OWN)
    copy = with_text(cast.second_owner, "copy", COPY)
    compare()
    assert list(told(copy)) == ["private"]
    publish(cast.owner, private, **PRIVATE)
    assert told(copy) == {}, "at once"
    compare()
    assert list(VersionSketch.objects.values_list("version__source__slug", flat=True)) == ["copy"]
    assert (Resemblance.objects.count(), SketchMark.objects.count()) == (0, comparing.INDEXED_MARKS)


def test_texts_that_a_privacy_regime_covered_are_never_compared_later(cast: Cast, named_core: None) -> None:
    source = with_text(cast.owner, "left", OWN, **PRIVATE)
    upload(cast.owner, source, text=" ".join(words(9)), name="b.txt")
    publish(cast.owner, source)
    compare()
    numbers = VersionSketch.objects.values_list("version__number", flat=True)
    assert list(numbers) == [2]


def test_the_newest_version_counts_and_the_one_that_votes(cast: Cast, named_core: None) -> None:
    source = with_text(cast.owner, "source", OWN)
    train(cast.owner, source)
    compare()
    for number in (2, 3):
        upload(cast.owner, source, text=" ".join(words(10 + number)), name=f"{number}.txt")
    compare()
    numbers = VersionSketch.objects.order_by("version__number").values_list("version__number", flat=True)
    assert list(numbers) == [1, 3]
    standing.withdraw(source=source, acting_user=cast.owner.user, now=timezone.now())
    compare()
    assert not VersionSketch.objects.exists()


def test_those_that_resemble_each_other_are_one_group_also_in_a_chain(cast: Cast) -> None:
    chain = [OWN, OWN[:2_600] + FOREIGN[:400], OWN[400:2_600] + FOREIGN[:800]]
    sources = [with_text(cast.owner, f"s{number}", text) for number, text in enumerate([*chain, words(5)])]
    compare()
    versions = [SourceVersion.objects.get(source=source).pk for source in sources]
    assert groups_among(versions) == dict.fromkeys(versions[:3], versions[0])
    assert groups_among(versions[3:]) == {}
    assert groups_among([]) == {}


def test_a_turn_ends_in_time_and_the_next_goes_on(cast: Cast) -> None:
    for number in range(3):
        with_text(cast.owner, f"s{number}", words(number))
    late = timezone.now() + timedelta(minutes=1)
    assert comparing.compare_due(now=timezone.now(), clock=lambda: late) == 0
    assert compare() == 3


def test_one_that_was_sketched_but_not_compared_is_taken_up(cast: Cast) -> None:
    with_text(cast.owner, "original", OWN)
    copy = with_text(cast.second_owner, "copy", COPY)
    compare()
    Resemblance.objects.all().delete()
    VersionSketch.objects.filter(version__source=copy).update(compared_at=None)
    assert compare() == 1
    assert Resemblance.objects.count() == 1


def test_a_candidate_is_found_by_an_index(cast: Cast, django_assert_max_num_queries) -> None:
    for number in range(12):
        with_text(cast.owner, f"s{number}", words(number))
    compare()
    copy = draft_source(cast.second_owner, "copy")
    registration.describe_source(
        source=copy, description="x", acting_user=cast.second_owner.user, now=timezone.now()
    )
    upload(cast.second_owner, copy, text=" ".join(words(4)))
    with django_assert_max_num_queries(20):
        assert compare() == 1
    assert list(told(copy)) == ["s4"]
