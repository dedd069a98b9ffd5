"""Keys and members: issued once, recognised cheaply, stopped at once."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from accounting import ledger
from accounting.errors import Conflict, Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import access, organisations
from marketplace.models import ApiKey, Membership, Role, User

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def issue(actor, **options):
    now = options.pop("now", timezone.now())
    return access.issue_key(
        organisation=actor.organisation, name="one", acting_user=actor.user, now=now, **options
    )


def test_only_the_digest_of_a_key_is_kept(cast):
    key, plain = issue(cast.owner)
    mark, prefix, secret = plain.split("_", 2)
    assert (mark, prefix) == ("dvm", key.prefix)
    assert len(secret) == 43, "256 random bits"
    assert key.digest == hashlib.sha256(plain.encode()).hexdigest()
    assert all(secret not in str(value) for value in ApiKey.objects.values().get(pk=key.pk).values())
    assert all(secret not in str(value) for event in AuditEvent.objects.values() for value in event.values())


def test_recognising_a_key_takes_one_query_and_notes_its_use_once_a_minute(cast, django_assert_num_queries):
    key, plain = issue(cast.owner)
    start = timezone.now()
    assert access.authenticate(plain, now=start) == key
    with django_assert_num_queries(1):
        access.authenticate(plain, now=start + timedelta(seconds=59))
    with django_assert_num_queries(2):
        access.authenticate(plain, now=start + timedelta(seconds=61))
    key.refresh_from_db()
    assert key.last_used_at == start + timedelta(seconds=61)


@pytest.mark.parametrize(
    "plain", ["", "dvm", "dvm_", "dvm__", "other_12345678_x", "dvm_12345678_x", "x" * 5000, "dvm_\x00_x"]
)
def test_what_is_no_key_is_nobody(cast, plain):
    assert access.authenticate(plain, now=timezone.now()) is None


def test_a_spend_cap_is_an_account_that_holds_the_cap(cast):
    key, _ = issue(cast.buyer, spend_cap_micro_usd=700)
    assert key.spend_cap_account_id is not None
    assert ledger.balance(key.spend_cap_account_id).available == 700


@pytest.mark.parametrize(
    "options",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"default_purpose": "fun"},
        {"spend_cap_micro_usd": -1},
        {"expires_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_a_key_that_makes_no_sense_is_invalid(cast, options):
    with pytest.raises(Invalid):
        issue(cast.owner, **options)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_only_an_owner_of_the_organisation_issues_and_revokes(cast, role):
    key, _ = issue(cast.owner)
    colleague = cast.owner.colleague(role)
    with pytest.raises(PermissionDenied):
        issue(colleague)
    with pytest.raises(PermissionDenied):
        access.revoke_key(key=key, acting_user=colleague.user, now=timezone.now())
    with pytest.raises(PermissionDenied):
        access.revoke_key(key=key, acting_user=cast.outsider.user, now=timezone.now())


def test_revoking_is_for_good_and_twice_is_once(cast):
    key, plain = issue(cast.owner)
    first = timezone.now()
    for moment in (first, first + timedelta(hours=1)):
        access.revoke_key(key=key, acting_user=cast.owner.user, now=moment)
    key.refresh_from_db()
    assert key.revoked_at == first
    assert access.authenticate(plain, now=first) is None
    assert AuditEvent.objects.filter(action="api_key.revoked").count() == 1


def test_a_person_who_is_deactivated_loses_their_keys(cast):
    _, plain = issue(cast.owner)
    User.objects.filter(pk=cast.owner.user.pk).update(is_active=False)
    assert access.authenticate(plain, now=timezone.now()) is None


def test_the_operator_acts_for_every_organisation(cast):
    key, _ = access.issue_key(
        organisation=cast.owner.organisation,
        name="by the operator",
        acting_user=cast.operator.user,
        now=timezone.now(),
    )
    assert AuditEvent.objects.get(subject=f"api_key:{key.prefix}").actor == "operator"


@pytest.mark.parametrize("slug", ["", "Two Words", "UPPER", "a/b", "new", "x" * 65])
def test_an_organisation_needs_a_proper_slug(cast, slug):
    with pytest.raises(Invalid):
        organisations.create_organisation(
            slug=slug, name="X", acting_user=cast.owner.user, now=timezone.now()
        )


def test_an_organisation_exists_once(cast):
    with pytest.raises(Conflict):
        organisations.create_organisation(
            slug="buyer", name="X", acting_user=cast.owner.user, now=timezone.now()
        )
    assert Membership.objects.filter(user=cast.owner.user).count() == 1


def test_there_is_one_platform(cast):
    with pytest.raises(Conflict):
        organisations.create_organisation(
            slug="other", name="X", acting_user=cast.owner.user, now=timezone.now(), is_platform=True
        )


def test_a_role_is_changed_and_the_change_is_audited(cast):
    colleague = cast.owner.colleague(Role.VIEWER)
    membership = Membership.objects.get(user=colleague.user)
    assert membership.role == Role.VIEWER
    event = AuditEvent.objects.filter(action="membership.set").order_by("-pk")[0]
    assert (event.before, event.after) == ({"role": "owner"}, {"role": "viewer"})
    with pytest.raises(PermissionDenied):
        organisations.add_member(
            organisation=cast.owner.organisation,
            user=cast.outsider.user,
            role=Role.OWNER,
            acting_user=colleague.user,
            now=timezone.now(),
        )
