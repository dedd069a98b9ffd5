"""Every address of the portal, opened and pressed by everybody; one that is in no row of the table fails."""

from copy import deepcopy

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.cast import Cast
from tests.who_may.actors import ACTORS, OK, Told, browsers, undone
from tests.who_may.market import Arguments, address_of, set_market
from tests.who_may.routes import portal
from tests.who_may.table_portal import ROWS, Row

pytestmark = pytest.mark.django_db


def test_every_address_is_in_the_table_and_no_method_twice() -> None:
    listed = [(row.method, row.route) for row in ROWS]
    assert {route for _, route in listed} == set(portal())
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("actor", ACTORS)
def test_everybody_gets_what_the_table_says(cast: Cast, actor: str) -> None:
    _, arguments = set_market(cast)
    browser = browsers(cast)[actor]
    wrong = {}
    for row in ROWS:
        told = told_by(browser, row, arguments)
        if told != row.who[actor]:
            wrong[f"{row.method} /{row.route}"] = f"{told}, not {row.who[actor]}"
    assert wrong == {}


def test_what_is_in_no_row_is_refused(cast: Cast) -> None:
    _, arguments = set_market(cast)
    listed = {(row.method, row.route) for row in ROWS}
    taken = {}
    for route in portal():
        for method in {"GET", "POST"} - {method for method, of in listed if of == route}:
            told = told_by(cast.owner.browser, Row(method, route, {}), arguments)
            if told != 405:
                taken[f"{method} /{route}"] = told
    assert taken == {}


def told_by(browser: Client, row: Row, arguments: Arguments) -> Told:
    address = address_of(row.route, {**arguments, **row.of})
    cookies = deepcopy(browser.cookies)
    with undone():
        reply = getattr(browser, row.method.lower())(address, row.body())
        told = in_a_word(reply)
    browser.cookies = cookies  # who signed out is signed in again
    return told


def in_a_word(reply: HttpResponse) -> Told:
    """A form that is shown again because of what was typed was open to who typed it."""
    going = reply.headers.get("Location", "")
    if going.startswith("/sign-in"):
        return "sign in"
    if going.startswith("/admin/"):
        return "console"
    return OK if reply.status_code in {200, 204, 302, 422} else reply.status_code
