"""Every method of every endpoint, tried by everybody; one that is in no row of the table fails."""

import pytest
from rest_framework.test import APIClient

from marketplace import scopes
from marketplace.models import Source
from tests.cast import Cast
from tests.who_may.actors import ACTORS, api_clients, undone
from tests.who_may.market import Arguments, address_of, set_market
from tests.who_may.routes import api, methods
from tests.who_may.table_api import ROWS, Row

pytestmark = [pytest.mark.books, pytest.mark.django_db]
TESTED_ELSEWHERE = {"metrics"}  # tests/workers/test_health


def test_every_endpoint_is_in_the_table_once() -> None:
    declared = {
        (method, route)
        for route, found in api().items()
        for method in methods(found)
        if route not in TESTED_ELSEWHERE
    }
    listed = [(row.method, row.route) for row in ROWS]
    assert set(listed) == declared
    assert len(listed) == len(declared)


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says(cast: Cast, actor: str) -> None:
    _, arguments = set_market(cast)
    client = api_clients(cast)[actor]
    wrong = {}
    for row in ROWS:
        status = status_of(client, row, arguments)
        if status != row.told(actor):
            wrong[f"{row.method} {row.route}"] = f"{status}, not {row.told(actor)}"
    assert wrong == {}


def test_a_key_with_every_other_scope_opens_nothing(cast: Cast) -> None:
    _, arguments = set_market(cast)
    opened = {}
    for row in (row for row in ROWS if row.scope):
        status = status_of(cast.owner.key_for(*others_than(row.scope)), row, arguments)
        if status != 403:
            opened[f"{row.method} {row.route}"] = status
    assert opened == {}


def others_than(wanted: str) -> list[str]:
    """Every scope but the wanted one, the wider one that holds it, and those that it holds."""
    wider = {wanted, scopes.SCOPES[wanted].within}
    return [name for name, one in scopes.SCOPES.items() if name not in wider and one.within != wanted]


def status_of(client: APIClient, row: Row, arguments: Arguments) -> int:
    with undone():
        address = address_of(row.route, {**arguments, **row.of})
        sent = {} if row.body() is None else {"data": row.body(), "format": row.form}
        return int(getattr(client, row.method.lower())(address, **sent).status_code)


def test_a_key_of_one_source_learns_nothing_of_the_others(cast: Cast) -> None:
    """Over every list; the catalogue is everybody's, and money is the whole organisation's."""
    scene, arguments = set_market(cast)
    everything = [scope.name for scope in scopes.SCOPES.values() if scope.within is None]
    client = cast.owner.key_for(*everything, source_slugs=[scene.alpine.slug])
    others = {one.slug for one in Source.objects.filter(organisation=cast.owner.organisation)} - {
        "alpine-plants"
    }
    told: dict[str, str] = {}
    for row in ROWS:
        named = row.scope.startswith("sources") or row.scope == "agreements"
        if row.method != "GET" or not named or "<slug" in row.route or row.route == "v1/sources":
            continue
        content = client.get(address_of(row.route, {**arguments, **row.of})).content.decode()
        told |= {f"{row.route}: {slug}": slug for slug in others if f'"{slug}"' in content}
    assert told == {}
