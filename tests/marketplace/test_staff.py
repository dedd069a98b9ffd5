"""Who runs the market: roles that operators give and take, and an operator who always remains."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting.errors import Conflict, Invalid, NotFound, PermissionDenied
from accounting.models import AuditEvent
from marketplace import access, roles, staff, standing
from marketplace.models import Role, Source, Staff, StaffRole, User
from tests.at_once import at_once
from tests.builders import draft_source

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def grant(cast, user, role=Staff.AUDITOR, by=None):
    return staff.grant(user=user, role=role, acting_user=by or cast.operator.user, now=timezone.now())


def revoke(cast, user, role=Staff.AUDITOR, by=None):
    staff.revoke(user=user, role=role, acting_user=by or cast.operator.user, now=timezone.now())


@pytest.mark.parametrize("role", Staff)
def test_a_staff_role_opens_what_is_for_it_and_an_operator_everything(cast, role):
    person = cast.clerk(role).user
    for wanted in Staff:
        assert roles.has_staff_role(person, {wanted}) == (role in {wanted, Staff.OPERATOR})
    assert roles.staff_roles_of(person) == (frozenset(Staff) if role == Staff.OPERATOR else {role})


def test_a_superuser_is_an_operator_and_anybody_else_is_nobody(cast):
    assert roles.staff_roles_of(cast.operator.user) == frozenset(Staff)
    assert roles.staff_roles_of(cast.owner.user) == frozenset()
    assert list(roles.operators()) == [cast.operator.user]
    with pytest.raises(PermissionDenied, match="Only an operator or a finance of this market"):
        roles.require_staff(cast.owner.user, roles.BOOKKEEPERS)


@pytest.mark.parametrize("who", ["operator", "auditor"])
def test_who_may_no_longer_sign_in_has_no_role(cast, who):
    person = cast.operator.user if who == "operator" else cast.clerk(Staff.AUDITOR).user
    person.is_active = False
    assert not roles.has_staff_role(person, roles.ALL_STAFF)
    assert roles.staff_roles_of(person) == frozenset()


def test_a_role_opens_the_console_and_the_last_one_closes_it(cast):
    person = cast.clerk(Staff.AUDITOR).user
    assert person.is_staff
    grant(cast, person, Staff.FINANCE)
    revoke(cast, person, Staff.AUDITOR)
    person.refresh_from_db()
    assert person.is_staff
    revoke(cast, person, Staff.FINANCE)
    person.refresh_from_db()
    assert not person.is_staff


def test_granting_and_revoking_are_audited_and_twice_is_once(cast):
    person = cast.owner.user
    grant(cast, person)
    grant(cast, person)
    revoke(cast, person)
    with pytest.raises(NotFound):
        revoke(cast, person)
    events = AuditEvent.objects.filter(action__startswith="staff_role").order_by("pk")
    assert [(one.action, one.actor, one.subject, one.before, one.after) for one in events] == [
        ("staff_role.granted", "operator", "user:owner", {"staff_roles": []}, {"staff_roles": ["auditor"]}),
        ("staff_role.revoked", "operator", "user:owner", {"staff_roles": ["auditor"]}, {"staff_roles": []}),
    ]


@pytest.mark.parametrize("role", [Staff.POLICY_REVIEWER, Staff.FINANCE, Staff.AUDITOR])
def test_only_operators_give_and_take_roles(cast, role):
    person = cast.clerk(role).user
    for somebody in (person, cast.owner.user):
        with pytest.raises(PermissionDenied):
            grant(cast, somebody, Staff.OPERATOR, by=somebody)
        with pytest.raises(PermissionDenied):
            revoke(cast, person, role, by=somebody)


def test_a_role_that_means_nothing_is_refused(cast):
    with pytest.raises(Invalid):
        grant(cast, cast.owner.user, "emperor")
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffRole.objects.create(user=cast.owner.user, role="emperor", created_at=timezone.now())
    cast.owner.user.is_active = False
    with pytest.raises(Invalid):
        grant(cast, cast.owner.user)


def test_the_last_operator_keeps_the_role(cast):
    first, second = cast.clerk(Staff.OPERATOR).user, cast.second_owner.user
    grant(cast, second, Staff.OPERATOR)
    User.objects.filter(pk=cast.operator.user.pk).update(is_superuser=False)
    revoke(cast, second, Staff.OPERATOR, by=first)
    with pytest.raises(Conflict) as refused:
        revoke(cast, first, Staff.OPERATOR, by=first)
    assert refused.value.code == "last_operator"
    assert StaffRole.objects.filter(user=first).exists()


@pytest.mark.django_db(transaction=True)
def test_of_operators_who_remove_each_other_at_once_one_remains(cast):
    people = [User.objects.create_user(f"chief-{number}") for number in range(4)]
    for person in people:
        grant(cast, person, Staff.OPERATOR)
    User.objects.filter(pk=cast.operator.user.pk).update(is_superuser=False)

    def step_down(number: int) -> str:
        revoke(cast, people[number], Staff.OPERATOR, by=people[number])
        return "gone"

    assert sorted(map(str, at_once(step_down))) == ["gone", "gone", "gone", "last_operator"]
    assert roles.operators().count() == 1


def test_an_operator_by_role_acts_for_every_organisation_as_a_superuser_does(cast):
    source = draft_source(cast.owner)
    Source.objects.filter(pk=source.pk).update(state="live")
    chief = cast.clerk(Staff.OPERATOR).user
    _, plain = access.issue_key(
        organisation=cast.owner.organisation, name="chief's", acting_user=chief, now=timezone.now()
    )
    assert access.authenticate(plain, now=timezone.now()) is not None
    assert standing.suspend(source=source, acting_user=chief, now=timezone.now()).suspended_by_operator
    revoke(cast, chief, Staff.OPERATOR)
    assert access.authenticate(plain, now=timezone.now()) is None, "the issuer has left"


@pytest.mark.parametrize("role", [Staff.POLICY_REVIEWER, Staff.FINANCE, Staff.AUDITOR])
def test_other_staff_have_no_role_in_an_organisation(cast, role):
    person = cast.clerk(role).user
    assert not roles.has_role(person, cast.owner.organisation, frozenset(Role))
    with pytest.raises(PermissionDenied):
        roles.require_role(acting_user=person, organisation=cast.owner.organisation, roles=frozenset(Role))
