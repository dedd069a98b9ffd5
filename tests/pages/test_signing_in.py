"""The door: wrong passwords close it for a while; another password and one button end every other session."""

import pytest
from django.test import Client

from accounting.models import AuditEvent
from marketplace import attempts
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
BETTER = "correct horse battery"


def sign_in(browser: Client, password: str, name: str = "owner", address: str = "/sign-in") -> int:
    return browser.post(address, {"username": name, "password": password}).status_code


@pytest.mark.parametrize("door", ["/sign-in", "/admin/login/"])
def test_after_ten_wrong_passwords_the_right_one_opens_no_door(cast: Cast, door: str) -> None:
    for number in range(attempts.MOST["sign-in-name"]):
        assert sign_in(Client(), f"wrong-{number}", address=door) == 200
    assert sign_in(Client(), PASSWORD) == 429
    assert sign_in(Client(), PASSWORD, address="/admin/login/") == 200, "not let in"
    assert sign_in(Client(), PASSWORD, name="buyer") == 302, "others are"


def test_names_are_counted_without_regard_to_case(cast: Cast) -> None:
    for number in range(attempts.MOST["sign-in-name"]):
        sign_in(Client(), "wrong", name="owner" if number % 2 else "OWNER")
    assert sign_in(Client(), PASSWORD) == 429


def test_the_right_password_begins_to_count_anew(cast: Cast) -> None:
    for _ in range(3):
        for number in range(attempts.MOST["sign-in-name"] - 1):
            sign_in(Client(), f"wrong-{number}")
        assert sign_in(Client(), PASSWORD) == 302


def test_one_address_does_not_try_every_name(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(attempts.MOST, "sign-in-address", 3)
    for number in range(3):
        sign_in(Client(), "wrong", name=f"name-{number}")
    assert sign_in(Client(), PASSWORD) == 429


def signed_in() -> Client:
    browser = Client()
    assert sign_in(browser, PASSWORD) == 302
    return browser


def test_another_password_ends_the_other_sessions_and_keeps_this_one(cast: Cast) -> None:
    here, there = signed_in(), signed_in()
    values = {"old_password": PASSWORD, "new_password1": BETTER, "new_password2": BETTER}
    assert "The password is changed" in here.post("/you", values, follow=True).content.decode()
    assert here.get("/you").status_code == 200
    assert there.get("/you").status_code == 302
    assert sign_in(Client(), PASSWORD) == 200, "not let in"
    assert sign_in(Client(), BETTER) == 302
    event = AuditEvent.objects.get(action="user.password_changed")
    assert (event.actor, event.after) == ("owner", {"changed": ["password"]})


@pytest.mark.parametrize(
    ("old", "new", "again", "said"),
    [
        ("wrong", BETTER, BETTER, "entered incorrectly"),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, BETTER, "something else", "match"),
        (PASSWORD, "48210569320", "48210569320", "entirely numeric"),
    ],
)
def test_a_password_that_will_not_do_is_refused_in_words(cast: Cast, old, new, again, said) -> None:
    browser = signed_in()
    reply = browser.post("/you", {"old_password": old, "new_password1": new, "new_password2": again})
    assert reply.status_code == 422
    assert said in reply.content.decode()


def test_one_button_ends_every_other_session(cast: Cast) -> None:
    here, there, further = signed_in(), signed_in(), signed_in()
    assert "has ended" in here.post("/you/sign-out-everywhere", follow=True).content.decode()
    assert here.get("/you").status_code == 200
    assert [browser.get("/you").status_code for browser in (there, further)] == [302, 302]
    assert sign_in(Client(), PASSWORD) == 302
    assert AuditEvent.objects.filter(action="user.sessions_ended").count() == 1
