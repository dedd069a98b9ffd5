"""Who may know of a source, and to whom it is open: the same decided on rows and in SQL."""

from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from accounting.errors import Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import agreements, listing, visibility
from marketplace.models import Role, Side, Source, SourceState, Visibility
from tests.builders import draft_source, publish
from tests.cast import Actor, Cast

pytestmark = [pytest.mark.books, pytest.mark.django_db]

EVERYBODY = ("owner", "second_owner", "outsider", "stranger")


def show(owner: Actor, source: Source, wanted: str) -> Source:
    return listing.set_visibility(
        source=source, visibility=wanted, acting_user=owner.user, now=timezone.now()
    )


def test_rows_and_queries_decide_the_same_in_every_state(cast: Cast) -> None:
    for number, (state, wanted) in enumerate(product(SourceState, Visibility)):
        source = draft_source(cast.owner, f"s-{number}")
        Source.objects.filter(pk=source.pk).update(state=state, visibility=wanted)
    for who in EVERYBODY:
        organisation = None if who == "stranger" else getattr(cast, who).organisation
        found = {source.pk: source for source in visibility.visible_to(organisation)}
        for source in Source.objects.all():
            facts: dict[str, Any] = {
                "visibility": source.visibility,
                "state": source.state,
                "is_own": source.organisation == organisation,
                "has_agreement": False,
            }
            assert visibility.is_visible(**facts) == (source.pk in found), (who, facts)
            if source.pk in found:
                assert visibility.is_open(**facts) == found[source.pk].opened, (who, facts)


@pytest.mark.parametrize(
    ("wanted", "state", "seen", "opened"),
    [
        ("public", "live", True, True),
        ("public", "suspended", True, True),
        ("public", "draft", False, False),
        ("public", "withdrawn", False, False),
        ("listed_on_request", "live", True, False),
        ("listed_on_request", "draft", False, False),
        ("private", "live", False, False),
        ("private", "suspended", False, False),
    ],
)
def test_an_outsider_sees_and_opens_only_what_is_listed(wanted, state, seen, opened) -> None:
    facts = {"visibility": wanted, "state": state, "is_own": False, "has_agreement": False}
    assert visibility.is_visible(**facts) is seen
    assert visibility.is_open(**facts) is opened


@pytest.mark.parametrize("wanted", ["listed_on_request", "private"])
def test_an_agreement_opens_what_is_live(wanted) -> None:
    facts = {"visibility": wanted, "state": "live", "is_own": False, "has_agreement": True}
    assert visibility.is_visible(**facts)
    assert visibility.is_open(**facts)
    assert not visibility.is_visible(**{**facts, "state": "withdrawn"})


def test_setting_it_is_audited_once_with_before_and_after(cast: Cast) -> None:
    source = draft_source(cast.owner)
    show(cast.owner, source, "private")
    show(cast.owner, source, "private")
    (event,) = AuditEvent.objects.filter(action="source.visibility_set")
    assert (event.actor, event.before, event.after) == (
        "owner", {"visibility": "public"}, {"visibility": "private"},
    )  # fmt: skip


def test_an_unknown_visibility_is_invalid(cast: Cast) -> None:
    with pytest.raises(Invalid, match="'secret' is not known"):
        show(cast.owner, draft_source(cast.owner), "secret")


@pytest.mark.parametrize("role", [Role.FINANCE, Role.VIEWER])
def test_roles_that_do_not_edit_do_not_set_it(cast: Cast, role: Role) -> None:
    source = draft_source(cast.owner)
    with pytest.raises(PermissionDenied):
        show(cast.owner.colleague(role), source, "private")


@pytest.mark.parametrize("wanted", ["listed_on_request", "private"])
def test_what_its_owner_granted_opens_a_source_until_it_ends(cast: Cast, wanted: str) -> None:
    source = show(cast.owner, publish(cast.owner, draft_source(cast.owner)), wanted)
    by: dict[str, Any] = {"acting_user": cast.owner.user, "now": timezone.now()}
    agreement = agreements.grant(consumer=cast.buyer.organisation, source=source, purpose="research", **by)
    assert [one.opened for one in visibility.visible_to(cast.buyer.organisation)] == [True]
    shown = cast.buyer.api.get("/v1/catalogue").json()["results"]
    assert [(one["slug"], one["description"]) for one in shown] == [("almanac", "The almanac.")]
    assert cast.outsider.api.get("/v1/sources/almanac").status_code == (404 if wanted == "private" else 200)
    agreements.end(agreement=agreement, side=Side.OWNER, reason="over", **by)
    opened = [one.opened for one in visibility.visible_to(cast.buyer.organisation)]
    assert opened == ([] if wanted == "private" else [False])
