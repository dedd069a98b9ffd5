"""How many queries a list takes: the same for one row and for many."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.builders import live_source
from tests.cast import Actor, Cast
from tests.pages.scene import fund, pay

pytestmark = pytest.mark.django_db


def queries_of(actor: Actor, address: str) -> int:
    browser = actor.browser
    browser.get(address)  # content types, session
    with CaptureQueriesContext(connection) as context:
        assert browser.get(address).status_code == 200
    return len(context)


def grow(cast: Cast, count: int) -> Callable[[], None]:
    def more() -> None:
        for number in range(count):
            source = live_source(cast.owner, f"source-{count}-{number}")
            pay(cast.buyer, {source: 3.0}, timezone.now())

    return more


@pytest.mark.parametrize("address", ["/", "/sources", "/earnings", "/earnings.csv"])
def test_an_owners_lists_take_the_same_queries_whatever_their_length(
    cast: Cast, named_core: None, address: str
) -> None:
    fund(cast.buyer, timezone.now())
    grow(cast, 1)()
    few = queries_of(cast.owner, address)
    grow(cast, 5)()
    assert queries_of(cast.owner, address) == few


@pytest.mark.parametrize("address", ["/account", "/wallet", "/wallet.csv"])
def test_a_buyers_lists_take_the_same_queries_whatever_their_length(
    cast: Cast, named_core: None, address: str
) -> None:
    fund(cast.buyer, timezone.now())
    grow(cast, 1)()
    few = queries_of(cast.buyer, address)
    grow(cast, 5)()
    assert queries_of(cast.buyer, address) == few


def test_lists_are_cut_into_pages(cast: Cast, named_core: None) -> None:
    fund(cast.buyer, timezone.now())
    source = live_source(cast.owner)
    for _ in range(30):
        pay(cast.buyer, {source: 1.0}, timezone.now())
    for actor, address in ((cast.owner, "/earnings"), (cast.buyer, "/account")):
        first = actor.browser.get(address).content.decode()
        assert "Page 1 of 2" in first
        assert first.count('data-label="Receipt"') == 25
        assert actor.browser.get(f"{address}?page=2").content.decode().count('data-label="Receipt"') == 5
    kept = cast.owner.browser.get(f"/earnings?source={source.slug}").content.decode()
    assert f"?source={source.slug}&amp;page=2" in kept
