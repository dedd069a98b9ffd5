"""Invitations: sent by owners, worth something once and in time, and the only way to make an account."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from accounting.errors import Conflict, Invalid, NotFound, PermissionDenied, TooMany
from accounting.models import AuditEvent
from marketplace import invitations
from marketplace.invitations import NewAccount
from marketplace.models import Invitation, Membership, Role, User
from tests.at_once import at_once

pytestmark = [pytest.mark.books, pytest.mark.django_db]
NOW = timezone.now()
LINK = "https://market.example/invitations/"
GOOD = NewAccount("ada", "correct horse battery")


def invite(actor, email="Ada@Example.org ", role=Role.EDITOR, now=NOW, organisation=None):
    return invitations.invite(
        organisation=organisation or actor.organisation,
        email=email,
        role=role,
        acting_user=actor.user,
        link=LINK,
        now=now,
    )


def accept(token, person, now=NOW):
    return invitations.accept(token=token, acting_user=person.user, now=now)


def sign_up(token, account=GOOD, now=NOW):
    return invitations.accept_with_account(token=token, account=account, now=now)


def test_an_invitation_makes_a_signed_in_person_a_member_in_its_role(cast):
    _, token = invite(cast.owner)
    membership = accept(token, cast.outsider)
    assert (membership.organisation, membership.role) == (cast.owner.organisation, Role.EDITOR)
    invitation = Invitation.objects.get()
    assert (invitation.accepted_by, invitation.accepted_at) == (cast.outsider.user, NOW)


def test_an_invitation_makes_an_account(cast):
    _, token = invite(cast.owner)
    person = sign_up(token)
    assert (person.username, person.email) == ("ada", "ada@example.org")
    assert person.check_password(GOOD.password)
    assert not person.is_staff
    assert not person.is_superuser
    assert Membership.objects.get(user=person).role == Role.EDITOR
    assert GOOD.password not in str(list(AuditEvent.objects.values()))


def test_only_the_digest_of_a_token_is_kept_and_no_address_is_audited(cast):
    _, token = invite(cast.owner)
    assert token not in str(list(Invitation.objects.values()))
    logged = str(list(AuditEvent.objects.values()))
    assert token not in logged
    assert "example.org" not in logged


def test_the_letter_has_the_link_and_goes_out_after_the_commit(cast, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        _, token = invite(cast.owner)
        assert mail.outbox == []
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.org"]
    assert LINK + token in letter.body
    assert "Owner" in letter.subject


@pytest.mark.parametrize("ended", ["used", "revoked", "replaced", "too old", "unknown"])
def test_a_token_that_has_ended_is_nothing_whatever_ended_it(cast, ended):
    invitation, token = invite(cast.owner)
    now = NOW
    if ended == "used":
        accept(token, cast.buyer)
    elif ended == "revoked":
        invitations.revoke(invitation=invitation, acting_user=cast.owner.user, now=NOW)
    elif ended == "replaced":
        invite(cast.owner)
    elif ended == "too old":
        now = NOW + invitations.VALID_FOR
    else:
        token = "x" * 43
    with pytest.raises(NotFound, match="not valid"):
        invitations.find(token, now=now)
    with pytest.raises(NotFound, match="not valid"):
        accept(token, cast.outsider, now)
    with pytest.raises(NotFound, match="not valid"):
        sign_up(token, now=now)
    assert not User.objects.filter(username="ada").exists()


def test_an_invitation_to_the_same_address_after_the_first_expired_is_possible(cast):
    invite(cast.owner)
    later = NOW + invitations.VALID_FOR + timedelta(hours=1)
    _, token = invite(cast.owner, now=later)
    assert invitations.find(token, now=later).organisation == cast.owner.organisation


def test_revoking_twice_is_once(cast):
    invitation, _ = invite(cast.owner)
    for _ in range(2):
        invitations.revoke(invitation=invitation, acting_user=cast.owner.user, now=NOW)
    assert AuditEvent.objects.filter(action="invitation.revoked").count() == 1


def test_a_member_does_not_use_up_an_invitation(cast):
    _, token = invite(cast.owner, role=Role.VIEWER)
    with pytest.raises(Conflict) as refused:
        accept(token, cast.owner)
    assert refused.value.code == "already_member"
    assert Membership.objects.get(user=cast.owner.user).role == Role.OWNER
    assert accept(token, cast.buyer).role == Role.VIEWER


@pytest.mark.parametrize(
    ("account", "code"),
    [
        (NewAccount("ada", "short"), "invalid_account"),
        (NewAccount("ada", "1234567890123"), "invalid_account"),
        (NewAccount("adalovelace", "adalovelace"), "invalid_account"),
        (NewAccount("a b!", GOOD.password), "invalid_account"),
        (NewAccount("", GOOD.password), "invalid_account"),
        (NewAccount("buyer", GOOD.password), "invalid_account"),
    ],
)
def test_an_account_needs_a_free_name_and_a_good_password_and_keeps_the_invitation_open(cast, account, code):
    _, token = invite(cast.owner)
    with pytest.raises(Invalid) as refused:
        sign_up(token, account)
    assert refused.value.code == code
    assert sign_up(token).username == "ada"


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_only_owners_invite_and_revoke(cast, role):
    colleague = cast.owner.colleague(role)
    invitation, _ = invite(cast.owner)
    for person in (colleague, cast.outsider):
        with pytest.raises(PermissionDenied):
            invite(person, organisation=cast.owner.organisation)
        with pytest.raises(PermissionDenied):
            invitations.revoke(invitation=invitation, acting_user=person.user, now=NOW)


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "a b@example.org", "ada@example.org\nBcc: x@example.org"]
)
def test_what_is_no_address_is_refused(cast, email):
    with pytest.raises(Invalid):
        invite(cast.owner, email)


def test_an_organisation_sends_so_many_an_hour(cast):
    for number in range(invitations.MOST_AN_HOUR):
        invite(cast.owner, f"{number}@example.org")
    with pytest.raises(TooMany):
        invite(cast.owner, "one-more@example.org")
    invite(cast.buyer)
    invite(cast.owner, "one-more@example.org", now=NOW + invitations.AN_HOUR)


@pytest.mark.django_db(transaction=True)
def test_a_token_is_used_once_however_many_hold_it(cast):
    _, token = invite(cast.owner)
    people = [cast.buyer, cast.outsider, cast.second_owner]

    def use(number: int) -> str:
        if number < 3:
            return str(accept(token, people[number]).role)
        return str(sign_up(token).username)

    got = at_once(use)
    assert got.count("not_found") == 3
    assert Membership.objects.filter(organisation=cast.owner.organisation).count() == 2
