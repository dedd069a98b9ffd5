"""Policies to start from: kept by staff, validated like any policy, offered to everybody, never in force."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounting.errors import Conflict, Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import migrations, policy_templates
from marketplace.models import PolicyTemplate
from tests.builders import draft_source, policy
from tests.cast import Actor, Cast

pytestmark = [pytest.mark.django_db, pytest.mark.books]


@pytest.fixture(autouse=True)
def _none_was_shipped(db: None) -> None:
    PolicyTemplate.objects.all().delete()


def make(actor: Actor, slug: str = "open", **changes: Any) -> PolicyTemplate:
    said = {"title": "Open", "description": "For everybody.", "plain": policy(), **changes}
    return policy_templates.create(slug=slug, acting_user=actor.user, now=timezone.now(), **said)


def change(template: PolicyTemplate, actor: Actor, **changes: Any) -> PolicyTemplate:
    names = ("title", "description", "plain", "active", "order")
    said = {name: getattr(template, name) for name in names} | changes
    return policy_templates.change(template=template, acting_user=actor.user, now=timezone.now(), **said)


def test_templates_are_listed_for_everybody_in_their_order_with_sentences(cast: Cast) -> None:
    make(cast.operator, "second", order=2)
    make(cast.operator, "first", order=1)
    make(cast.operator, "hidden", active=False)
    for client in (cast.stranger, cast.owner.api, cast.buyer.api, cast.outsider.api):
        listed = client.get("/v1/policy-templates").json()
        assert [one["slug"] for one in listed] == ["first", "second"]
        assert "Every organisation may use it." in listed[0]["sentences"]
        assert client.get("/v1/policy-templates/hidden").status_code == 404
        assert client.get("/v1/policy-templates/none").status_code == 404
        assert client.get("/v1/policy-templates/first").json() == listed[0]


def test_what_is_offered_can_be_published_as_it_is(cast: Cast) -> None:
    make(cast.operator)
    draft_source(cast.owner)
    plain = cast.stranger.get("/v1/policy-templates/open").json()["plain"]
    assert cast.owner.api.put("/v1/sources/almanac/policy", plain, format="json").status_code == 200


@pytest.mark.parametrize(
    "plain", [{"regime": "none"}, {"purposes": {"allow": ["mischief"]}}, {"unknown": 1}, []]
)
def test_a_template_that_no_owner_could_publish_is_refused_with_its_place(cast: Cast, plain: Any) -> None:
    with pytest.raises(Invalid) as refused:
        make(cast.operator, plain=plain)
    assert refused.value.code == "invalid_policy"
    with pytest.raises(Invalid):
        change(make(cast.operator), cast.operator, plain=plain)


@pytest.mark.parametrize("who", ["owner", "buyer", "outsider"])
def test_only_staff_keep_templates(cast: Cast, who: str) -> None:
    actor, made = getattr(cast, who), make(cast.operator)
    with pytest.raises(PermissionDenied):
        make(actor, "mine")
    with pytest.raises(PermissionDenied):
        change(made, actor, title="Mine")
    with pytest.raises(PermissionDenied):
        policy_templates.delete(template=made, acting_user=actor.user, now=timezone.now())
    assert PolicyTemplate.objects.get().title == "Open"


def test_a_short_name_is_taken_once(cast: Cast) -> None:
    make(cast.operator)
    with pytest.raises(Conflict, match="exists already"):
        make(cast.operator)


def test_every_change_is_on_record_and_what_changes_nothing_is_not(cast: Cast) -> None:
    made = make(cast.operator)
    change(made, cast.operator)
    change(made, cast.operator, title="Wide open")
    made.refresh_from_db()
    policy_templates.delete(template=made, acting_user=cast.operator.user, now=timezone.now())
    events = AuditEvent.objects.filter(subject="policy_template:open").order_by("pk")
    assert [event.action.split(".")[1] for event in events] == ["created", "changed", "deleted"]
    assert (events[1].before or {})["title"] == "Open"
    assert (events[2].before or {})["plain"] == policy()


def shipped() -> Any:
    """The newest migration that ships templates, whatever its number."""
    (path,) = (Path(migrations.__path__[0])).glob("*_shipped_templates.py")
    return import_module(f"{migrations.__name__}.{path.stem}")


def test_six_templates_are_shipped_and_every_one_can_be_published(cast: Cast) -> None:
    from django.apps import apps

    shipped().ship(apps, None)
    shipped().ship(apps, None)
    listed = cast.owner.api.get("/v1/policy-templates").json()
    assert [one["slug"] for one in listed] == [
        "open-research", "commercial-per-nat", "quotation-with-notice", "approval-required", "privacy",
        "measurement-pilot",
    ]  # fmt: skip
    for one in listed:
        draft_source(cast.owner, one["slug"])
        reply = cast.owner.api.put(f"/v1/sources/{one['slug']}/policy", one["plain"], format="json")
        assert reply.status_code == 200, reply.json()
        assert len(one["description"]) <= 300


def test_shipping_again_keeps_what_a_reviewer_changed(cast: Cast) -> None:
    from django.apps import apps

    make(cast.operator, "privacy", title="Ours")
    shipped().ship(apps, None)
    assert PolicyTemplate.objects.get(slug="privacy").title == "Ours"
