"""Every page and every button of the console, tried by every staff role, and by those who are no staff."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from marketplace.console.duties import DUTIES
from marketplace.console.pages import PAGES as CONSOLE_PAGES
from marketplace.models import Organisation, PolicyTemplate, Staff
from tests.builders import policy
from tests.cast import Cast
from tests.pages.scene import Scene, set_scene
from tests.who_may.actors import undone
from tests.who_may.table_console import ACTIONS, BULK, PAGES, TABLES

pytestmark = pytest.mark.django_db
OUTSIDERS = ("stranger", "owner", "buyer", "outsider")


@pytest.fixture
def scene(cast: Cast, named_core: None) -> Scene:
    PolicyTemplate.objects.get_or_create(
        slug="start", defaults={"title": "Start", "description": "A start.", "plain": policy()}
    )
    return set_scene(cast, answers=2)


def browser_of(cast: Cast, who: str) -> Any:
    if who == "stranger":
        return Client()
    if who in OUTSIDERS or who == "superuser":
        return getattr(cast, "operator" if who == "superuser" else who).browser
    return cast.clerk(Staff(who)).browser


def tables() -> Iterator[tuple[str, Any]]:
    for model in admin.site._registry:
        yield f"{model._meta.app_label}_{model._meta.model_name}", model


def actions() -> Iterator[tuple[str, Any, bool]]:
    """Every button: the name of its address, its model, and whether it belongs to one row."""
    for name, model in tables():
        found = admin.site._registry[model]
        for kind in ("actions_list", "actions_detail", "actions_row", "actions_submit_line"):
            for action in getattr(found, kind):
                yield f"{name}_{action}", model, kind != "actions_list"


def address_of(name: str, model: Any, of_one_row: bool) -> str:
    row = model.objects.first()
    missing = uuid.uuid4() if model._meta.pk.get_internal_type() == "UUIDField" else 999_999
    args = [row.pk if row else missing] if of_one_row else []
    return reverse(f"admin:{name}", args=args)


def page_of(name: str) -> str:
    kwargs = {"slug": "start"} if name == "template-change" else {}
    return reverse(f"admin:{name}", kwargs=kwargs)


def told(reply: Any) -> int | str:
    if reply.headers.get("Location", "").startswith("/admin/login/"):
        return "sign in"
    return int(reply.status_code)


def test_nothing_is_missing_from_the_tables() -> None:
    assert {name for name, _ in tables()} == set(TABLES)
    assert {name for name, _, _ in actions()} == set(ACTIONS)
    assert {page.name for page in CONSOLE_PAGES} == set(PAGES)


def test_every_button_and_page_is_guarded_by_a_duty_of_the_one_table() -> None:
    for name, model, _ in actions():
        action = getattr(admin.site._registry[model], name.split("_", 2)[2])
        assert action.allowed_permissions, name
        assert set(action.allowed_permissions) <= set(DUTIES), name
    assert {page.duty for page in CONSOLE_PAGES} <= set(DUTIES)


@pytest.mark.parametrize("role", [*Staff, "superuser"])
def test_a_staff_role_opens_what_the_tables_say(scene: Scene, role: str) -> None:
    browser = browser_of(scene.cast, role)
    held = Staff.OPERATOR if role == "superuser" else Staff(role)
    wrong = {}
    for name, model in tables():
        expected = 200 if held in TABLES[name] else 403
        row = model.objects.first()
        pages = ["changelist"] if row is None else ["changelist", "change"]
        for page in pages:
            args = [row.pk] if page == "change" else []
            found = told(browser.get(reverse(f"admin:{name}_{page}", args=args)))
            if found != expected:
                wrong[f"{name} {page}"] = found
    for name, who in PAGES.items():
        found = told(browser.get(page_of(name)))
        if found != (200 if held in who else 403):
            wrong[name] = found
    assert wrong == {}
    assert told(browser.get("/admin/")) == 200


@pytest.mark.parametrize("role", [*Staff, "superuser"])
def test_a_staff_role_presses_what_the_tables_say(scene: Scene, role: str) -> None:
    browser = browser_of(scene.cast, role)
    held = Staff.OPERATOR if role == "superuser" else Staff(role)
    wrong = {}
    for name, model, of_one_row in actions():
        address = address_of(name, model, of_one_row)
        expected = held in ACTIONS[name]
        with undone():
            replies = [told(browser.get(address)), told(browser.post(address, {}))]
        if any((reply == 403) == expected or reply == "sign in" for reply in replies):
            wrong[name] = replies
    assert wrong == {}


def bulk_actions() -> dict[str, set[str]]:
    found = {name: {one.name for one in getattr(admin.site._registry[model], "bulk", ())}
             for name, model in tables()}  # fmt: skip
    return {name: actions for name, actions in found.items() if actions}


@pytest.mark.parametrize("role", [*Staff, "superuser"])
def test_a_staff_role_does_to_many_what_the_tables_say(scene: Scene, role: str) -> None:
    assert bulk_actions() == {name: set(actions) for name, actions in BULK.items()}
    browser, held = browser_of(scene.cast, role), Staff.OPERATOR if role == "superuser" else Staff(role)
    wrong = {}
    for name, model in tables():
        row = model.objects.first()
        for action, who in BULK.get(name, {}).items():
            body = {"action": action, "index": "0", "_selected_action": str(row.pk if row else 1),
                    "_form_submitted": "True", "reason": "x"}  # fmt: skip
            with undone():
                reply = browser.post(reverse(f"admin:{name}_changelist"), body)
                done = reply.status_code == 200 and b"Back to the list" in reply.content
            if row is not None and done != (held in who):
                wrong[f"{name} {action}"] = reply.status_code
    assert wrong == {}


@pytest.mark.parametrize("role", [*Staff, "superuser"])
def test_nobody_adds_changes_or_deletes_rows_by_hand_but_operators_people(scene: Scene, role: str) -> None:
    browser = browser_of(scene.cast, role)
    wrong: dict[str, int | str] = {}
    for name, model in tables():
        row = model.objects.first()
        if row is None:
            continue
        may = name == "marketplace_user" and role in {Staff.OPERATOR, "superuser"}
        with undone():
            replies = {
                "add": told(browser.get(reverse(f"admin:{name}_add"))),
                "change": told(browser.post(reverse(f"admin:{name}_change", args=[row.pk]), {})),
                "delete": told(browser.post(reverse(f"admin:{name}_delete", args=[row.pk]), {"post": "yes"})),
            }
        wrong |= {
            f"{name} {page}": reply
            for page, reply in replies.items()
            if (reply != 403) != (may and page != "delete")
        }
    assert wrong == {}


@pytest.mark.parametrize("who", OUTSIDERS)
def test_who_is_no_staff_is_asked_to_sign_in_everywhere(scene: Scene, who: str) -> None:
    browser = browser_of(scene.cast, who)
    wrong = {}
    addresses = ["/admin/"]
    for name, model in tables():
        row = model.objects.first()
        addresses += [reverse(f"admin:{name}_changelist")]
        addresses += [reverse(f"admin:{name}_change", args=[row.pk])] if row else []
    addresses += [address_of(name, model, of_one_row) for name, model, of_one_row in actions()]
    addresses += [page_of(name) for name in PAGES]
    for address in addresses:
        with undone():
            replies = [told(browser.get(address)), told(browser.post(address, {"reason": "x"}))]
        if replies != ["sign in", "sign in"]:
            wrong[address] = replies
    assert wrong == {}


def test_a_role_that_is_taken_back_closes_the_console_with_the_next_page(cast: Cast) -> None:
    from django.utils import timezone

    from marketplace import staff

    clerk = cast.clerk(Staff.AUDITOR)
    browser = clerk.browser
    assert told(browser.get("/admin/")) == 200
    staff.revoke(user=clerk.user, role=Staff.AUDITOR, acting_user=cast.operator.user, now=timezone.now())
    assert told(browser.get("/admin/")) == "sign in"


def test_djangos_own_permissions_open_nothing(cast: Cast) -> None:
    from django.contrib.auth.models import Group, Permission

    person = cast.outsider.user
    person.is_staff = True
    person.save()
    person.user_permissions.set(Permission.objects.filter(codename="view_source"))
    group = Group.objects.create(name="clerks")
    group.permissions.set(Permission.objects.all())
    person.groups.add(group)
    assert told(cast.outsider.browser.get("/admin/")) == "sign in"
    assert not type(person).objects.get(pk=person.pk).has_perm("marketplace.view_source")
    assert Organisation.objects.exists()
