"""A key gets a new secret and stays the same key; the one before works on up to a stated moment."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounting.errors import Conflict, Invalid, PermissionDenied
from accounting.models import AuditEvent
from marketplace import access, key_rotation
from marketplace.models import ApiKey, Role
from tests.at_once import at_once

pytestmark = [pytest.mark.books, pytest.mark.django_db]
DAY = timedelta(days=1)
NOW = timezone.now()


@pytest.fixture
def issued(cast):
    return access.issue_key(
        organisation=cast.buyer.organisation,
        name="report",
        acting_user=cast.buyer.user,
        now=NOW,
        spend_cap_micro_usd=700,
    )


def rotate(cast, key, overlap=DAY, now=NOW, by=None):
    return key_rotation.rotate(key=key, overlap=overlap, acting_user=by or cast.buyer.user, now=now)


def works(plain, at=NOW):
    return access.authenticate(plain, now=at)


def test_both_secrets_are_the_same_key_until_the_stated_moment(cast, issued):
    key, old = issued
    _, new = rotate(cast, key)
    assert old != new
    assert works(old) == works(new) == key
    late = NOW + DAY
    assert works(old, late) is None
    assert works(new, late) == key


def test_limits_caps_and_name_stay(cast, issued):
    key, _ = issued
    rotated, _ = rotate(cast, key)
    for field in ("name", "prefix", "scopes", "spend_cap_account_id", "expires_at", "created_by_id"):
        assert getattr(rotated, field) == getattr(key, field), field
    assert rotated.secret_number == 2


def test_revoking_ends_both_at_once(cast, issued):
    key, old = issued
    _, new = rotate(cast, key)
    access.revoke_key(key=key, acting_user=cast.buyer.user, now=NOW)
    assert works(old) is None
    assert works(new) is None


def test_without_an_overlap_every_older_secret_stops_at_once(cast, issued):
    key, first = issued
    _, second = rotate(cast, key)
    _, third = rotate(cast, key, overlap=timedelta())
    assert [works(first), works(second), works(third)] == [None, None, key]


def test_a_second_overlap_has_to_wait_for_the_first(cast, issued):
    key, first = issued
    rotate(cast, key)
    with pytest.raises(Conflict) as refused:
        rotate(cast, key)
    assert refused.value.code == "rotation_under_way"
    assert works(first) == key, "the stated moment holds"
    rotate(cast, key, now=NOW + DAY)
    assert works(first, NOW + DAY) is None


def test_the_older_secret_can_be_ended_before_its_time(cast, issued):
    key, old = issued
    _, new = rotate(cast, key)
    for _ in range(2):
        key_rotation.end_previous(key=key, acting_user=cast.buyer.user, now=NOW)
    assert (works(old), works(new)) == (None, key)
    assert AuditEvent.objects.filter(action="api_key.previous_secret_ended").count() == 1


def test_the_audit_log_names_both_secrets_by_number(cast, issued):
    key, old = issued
    _, new = rotate(cast, key)
    event = AuditEvent.objects.get(action="api_key.rotated")
    assert (event.subject, event.actor) == (f"api_key:{key.prefix}", "buyer")
    assert event.before == {"secret": 1}
    until = (NOW + DAY).isoformat()
    assert event.after == {"secret": 2, "previous": 1, "previous_until": until}
    everything = str(list(AuditEvent.objects.values())) + str(list(ApiKey.objects.values()))
    assert old[13:] not in everything
    assert new[13:] not in everything


def test_the_use_of_each_secret_is_noted_apart(cast, issued):
    key, old = issued
    works(old)
    _, new = rotate(cast, key)
    later = NOW + timedelta(minutes=5)
    works(new, later)
    key.refresh_from_db()
    assert (key.last_used_at, key.previous_used_at) == (later, NOW)
    works(old, later)
    key.refresh_from_db()
    assert key.previous_used_at == later


@pytest.mark.parametrize("overlap", [timedelta(days=30, seconds=1), timedelta(seconds=-1)])
def test_an_overlap_is_at_most_thirty_days(cast, issued, overlap):
    with pytest.raises(Invalid):
        rotate(cast, issued[0], overlap=overlap)
    rotate(cast, issued[0], overlap=key_rotation.LONGEST_OVERLAP)


def test_what_has_ended_is_not_rotated(cast, issued):
    key, _ = issued
    access.revoke_key(key=key, acting_user=cast.buyer.user, now=NOW)
    with pytest.raises(Conflict) as refused:
        rotate(cast, key)
    assert refused.value.code == "key_ended"


@pytest.mark.parametrize("role", [Role.EDITOR, Role.FINANCE, Role.VIEWER])
def test_only_owners_of_the_organisation_rotate(cast, issued, role):
    for person in (cast.buyer.colleague(role).user, cast.outsider.user):
        with pytest.raises(PermissionDenied):
            rotate(cast, issued[0], by=person)
        with pytest.raises(PermissionDenied):
            key_rotation.end_previous(key=issued[0], acting_user=person, now=NOW)


def test_the_database_refuses_an_older_secret_without_an_end(cast, issued):
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=issued[0].pk).update(previous_digest="x" * 64)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_rotate_at_once_one_does(cast, issued):
    key, old = issued
    got = at_once(lambda _: rotate(cast, key)[1])
    assert got.count("rotation_under_way") == 3
    (new,) = set(map(str, got)) - {"rotation_under_way"}
    assert works(old) == works(new) == key
