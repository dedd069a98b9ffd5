"""/v1/members and /v1/invitations: read by members, kept by owners; a link is told once."""

import pytest
from django.core import mail

from marketplace.models import Invitation, Membership, Role
from tests.api.reading import problem

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_members_are_listed_with_their_roles_and_no_addresses(cast):
    cast.owner.colleague(Role.FINANCE)
    listed = cast.owner.api.get("/v1/members").json()["results"]
    assert [(one["username"], one["role"]) for one in listed] == [
        ("owner", "owner"),
        ("owner-finance", "finance"),
    ]
    assert set(listed[0]) == {"id", "username", "role", "since"}


def test_an_owner_changes_a_role_and_removes_a_member_but_not_the_last_owner(cast):
    colleague = cast.owner.colleague(Role.VIEWER)
    seat = Membership.objects.get(user=colleague.user)
    changed = cast.owner.api.patch(f"/v1/members/{seat.pk}", {"role": "editor"}, format="json")
    assert changed.json()["role"] == "editor"
    problem(cast.owner.api.patch(f"/v1/members/{seat.pk}", {"role": "king"}, format="json"), 422, "invalid")
    assert cast.owner.api.delete(f"/v1/members/{seat.pk}").status_code == 204
    own = Membership.objects.get(user=cast.owner.user)
    problem(cast.owner.api.delete(f"/v1/members/{own.pk}"), 409, "last_owner")


def test_an_invitation_is_sent_listed_without_its_link_and_taken_back(
    cast, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        reply = cast.owner.api.post(
            "/v1/invitations", {"email": "eve@example.org", "role": "finance"}, format="json"
        )
    told = reply.json()
    assert (reply.status_code, reply.headers["Cache-Control"]) == (201, "no-store")
    assert told["link"] in mail.outbox[0].body
    (waiting,) = cast.owner.api.get("/v1/invitations").json()["results"]
    assert "link" not in waiting
    assert cast.owner.api.delete(f"/v1/invitations/{waiting['id']}").status_code == 204
    assert cast.owner.api.get("/v1/invitations").json()["results"] == []
    assert Invitation.objects.get().revoked_at is not None


def test_an_invitation_over_the_limit_is_a_429(cast, monkeypatch):
    monkeypatch.setattr("marketplace.invitations.MOST_AN_HOUR", 1)
    wish = {"email": "eve@example.org", "role": "viewer"}
    assert cast.owner.api.post("/v1/invitations", wish, format="json").status_code == 201
    reply = cast.owner.api.post("/v1/invitations", wish, format="json")
    problem(reply, 429, "rate_limited")
    assert reply.headers["Retry-After"] == "3600"
