"""The catalogue's rows follow every use case that changes what a source shows."""

import ast
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from marketplace import listing, registration, standing
from marketplace.catalogue import entries
from marketplace.models import CatalogueEntry, Source
from tests.audit.writes import reached_from
from tests.builders import draft_source, publish, upload
from tests.cast import Cast
from tests.catalogue.shelf import offered, slugs

pytestmark = [pytest.mark.books, pytest.mark.django_db]

SHOWN = {"title", "description", "license", "state", "visibility", "topics", "policy"}
REFRESH = "marketplace.catalogue.entries.refresh"
ROOT = Path(__file__).resolve().parents[2]


def test_every_step_of_a_sources_life_keeps_its_row(cast: Cast) -> None:
    owner = cast.owner
    by: dict[str, Any] = {"acting_user": owner.user, "now": timezone.now()}
    source = draft_source(owner)
    steps = (
        lambda: upload(owner, source),
        lambda: publish(owner, source, quote=True),
        lambda: registration.describe_source(source=source, title="Other", license="MIT", **by),
        lambda: listing.set_topics(source=source, topics=["health", "energy"], **by),
        lambda: listing.set_visibility(source=source, visibility="private", **by),
        lambda: publish(owner, source, price_micro_usd_per_nat=7),
        lambda: standing.suspend(source=source, reason="why", **by),
        lambda: standing.resume(source=source, **by),
        lambda: upload(owner, source, text="More.", name="b.txt"),
        lambda: standing.withdraw(source=source, **by),
    )
    listed = []
    for step in steps:
        step()
        assert entries.drifted() == []
        listed.append(CatalogueEntry.objects.count())
    assert listed == [0, 1, 1, 1, 1, 1, 1, 1, 1, 0]


def test_what_upkeep_finds_missing_or_wrong_it_makes_again(cast: Cast) -> None:
    for slug in ("one", "two", "three"):
        offered(cast.owner, slug)
    CatalogueEntry.objects.filter(source__slug="one").delete()
    Source.objects.filter(slug="two").update(visibility="private")
    Source.objects.filter(slug="three").update(state="withdrawn")
    assert sorted(entries.drifted()) == ["one", "three", "two"]
    assert entries.mend() == 3
    assert (entries.drifted(), entries.mend()) == ([], 0)
    assert slugs(cast.stranger) == ["one"]


def test_a_row_that_lags_behind_shows_nobody_a_source_that_they_may_not_know_of(cast: Cast) -> None:
    offered(cast.owner, "almanac")
    Source.objects.update(visibility="private")
    assert slugs(cast.stranger) == []


def test_all_rows_can_be_made_again(cast: Cast) -> None:
    for slug in ("one", "two"):
        offered(cast.owner, slug)
    CatalogueEntry.objects.update(words="", license="")
    assert len(entries.drifted()) == 2
    assert entries.rebuild() == 2
    assert entries.drifted() == []


def saving_functions() -> list[str]:
    """Functions of the marketplace that save a field which the catalogue shows."""
    found = []
    for path in sorted((ROOT / "marketplace").rglob("*.py")):
        if "migrations" in path.parts:
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and _saves_what_is_shown(node):
                found.append(f"{module}.{node.name}")
    return found


def _saves_what_is_shown(node: ast.FunctionDef) -> bool:
    text = ast.unparse(node)
    fields = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
    of_a_source = "source.save(update_fields" in text or "locked.save(update_fields" in text
    return of_a_source and bool(SHOWN & {one for one in fields if isinstance(one, str)} or "[field]" in text)


@pytest.mark.parametrize("name", saving_functions())
def test_whoever_saves_what_the_catalogue_shows_refreshes_its_row(name: str) -> None:
    assert REFRESH in reached_from(name)


def test_the_reader_of_the_code_sees_who_saves() -> None:
    assert {
        "marketplace.listing._set", "marketplace.standing._moved", "marketplace.taking_effect.take_effect",
    } <= set(saving_functions())  # fmt: skip
