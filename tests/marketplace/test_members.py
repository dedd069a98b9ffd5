"""Members: roles change, people go, and an owner always remains, however many act at once."""

import pytest
from django.utils import timezone

from accounting.errors import Conflict, NotFound, PermissionDenied
from accounting.models import AuditEvent
from marketplace import access, members, organisations
from marketplace.models import Membership, Role, User
from tests.at_once import at_once

pytestmark = [pytest.mark.books, pytest.mark.django_db]
NOW = timezone.now()


def member(actor):
    return Membership.objects.get(user=actor.user, organisation=actor.organisation)


def change(actor, role, by):
    return members.change_role(member=member(actor), role=role, acting_user=by.user, now=NOW)


def remove(actor, by):
    members.remove(member=member(actor), acting_user=by.user, now=NOW)


def test_a_role_changes_from_the_next_request_on_and_is_audited_once(cast):
    colleague = cast.owner.colleague(Role.VIEWER)
    before = AuditEvent.objects.count()
    for _ in range(2):
        assert change(colleague, Role.EDITOR, by=cast.owner).role == Role.EDITOR
    (event,) = AuditEvent.objects.order_by("pk")[before:]
    assert (event.action, event.subject) == ("membership.set", f"user:{colleague.user.username}")
    assert (event.before, event.after, event.actor) == ({"role": "viewer"}, {"role": "editor"}, "owner")


def test_a_member_who_is_removed_has_no_key_that_works(cast):
    colleague = cast.owner.colleague(Role.EDITOR)
    remove(colleague, by=cast.owner)
    assert access.authenticate(colleague.key, now=NOW) is None
    assert AuditEvent.objects.get(action="membership.ended").before == {"role": "editor"}


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_only_owners_change_and_remove_but_everybody_may_leave(cast, role):
    colleague = cast.owner.colleague(role)
    for somebody in (colleague, cast.outsider):
        with pytest.raises(PermissionDenied):
            change(cast.owner, Role.VIEWER, by=somebody)
        with pytest.raises(PermissionDenied):
            remove(cast.owner, by=somebody)
    with pytest.raises(PermissionDenied):
        change(colleague, Role.OWNER, by=colleague)
    remove(colleague, by=colleague)
    assert not Membership.objects.filter(user=colleague.user).exists()


@pytest.mark.parametrize("step", ["change", "give", "remove", "leave"])
def test_the_last_owner_stays_owner(cast, step):
    cast.owner.colleague(Role.EDITOR)
    steps = {
        "change": lambda: change(cast.owner, Role.EDITOR, by=cast.operator),
        "give": lambda: organisations.add_member(
            organisation=cast.owner.organisation, user=cast.owner.user, role=Role.VIEWER,
            acting_user=cast.operator.user, now=NOW,
        ),
        "remove": lambda: remove(cast.owner, by=cast.operator),
        "leave": lambda: remove(cast.owner, by=cast.owner),
    }  # fmt: skip
    with pytest.raises(Conflict) as refused:
        steps[step]()
    assert refused.value.code == "last_owner"
    assert member(cast.owner).role == Role.OWNER


def test_an_owner_who_may_not_sign_in_is_no_owner_that_remains(cast):
    colleague = cast.owner.colleague(Role.OWNER)
    User.objects.filter(pk=colleague.user.pk).update(is_active=False)
    with pytest.raises(Conflict):
        remove(cast.owner, by=cast.owner)


def test_a_member_of_another_organisation_is_not_there(cast):
    with pytest.raises(NotFound):
        members.one_of(organisation=cast.owner.organisation, member_id=member(cast.buyer).pk)


@pytest.mark.django_db(transaction=True)
def test_of_owners_who_all_leave_at_once_one_remains(cast):
    owners = [cast.owner]
    for number in range(3):
        person = User.objects.create_user(f"owner-{number}")
        organisations.add_member(
            organisation=cast.owner.organisation, user=person, role=Role.OWNER,
            acting_user=cast.owner.user, now=NOW,
        )  # fmt: skip
    seats = list(members.of_organisation(cast.owner.organisation))
    assert len(owners) + 3 == len(seats)

    def leave(number: int) -> str:
        members.remove(member=seats[number], acting_user=seats[number].user, now=NOW)
        return "left"

    assert sorted(map(str, at_once(leave))) == ["last_owner", "left", "left", "left"]
    assert Membership.objects.filter(organisation=cast.owner.organisation).count() == 1
