"""What a key is kept to: sources and purposes, known when it is issued and never widened afterwards."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounting.errors import Invalid, PermissionDenied
from marketplace import access, key_limits
from marketplace.models import ApiKey
from tests.builders import draft_source

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def issue(actor, **limits):
    return access.issue_key(
        organisation=actor.organisation, name="kept", acting_user=actor.user, now=timezone.now(), **limits
    )[0]


@pytest.mark.parametrize(
    ("allowed", "purpose", "may"),
    [
        ([], "advertising", True),
        (["research"], "research", True),
        (["research"], "medical-research", True),
        (["medical-research"], "research", False),
        (["research"], "advertising", False),
        (["research", "commercial"], "advertising", True),
        (["research"], "unheard-of", False),
    ],
)
def test_a_purpose_allows_what_lies_below_it(allowed, purpose, may):
    assert key_limits.allows_purpose(allowed, purpose) == may


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"purposes": ["fun"]}, "unknown_purpose"),
        ({"purposes": ["research"], "default_purpose": "advertising"}, "purpose_not_allowed"),
        ({"source_slugs": ["there-is-none"]}, "unknown_source"),
        ({"source_slugs": ["almanac"]}, "unknown_source"),
        ({"source_slugs": ["x"] * 101}, "too_many_sources"),
    ],
)
def test_limits_that_make_no_sense_are_refused(cast, limits, code):
    draft_source(cast.second_owner)  # somebody else's draft: nothing that the owner may know of
    with pytest.raises(Invalid) as refused:
        issue(cast.owner, **limits)
    assert refused.value.code == code


def test_the_usual_purpose_may_lie_below_an_allowed_one(cast):
    key = issue(cast.owner, purposes=["research"], default_purpose="medical-research")
    assert key.purposes == ["research"]


def test_an_answer_may_rest_on_what_is_left_of_the_keys_sources_only(cast):
    consumer = cast.owner.organisation
    for slug in ("almanac", "diary"):
        draft_source(cast.owner, slug)
    key = issue(cast.owner, source_slugs=["almanac", "diary"])
    ApiKey.objects.filter(pk=key.pk).update(source_slugs=["almanac", "diary", "gone"])
    key.refresh_from_db()
    assert set(key_limits.votes_within(key, None, consumer=consumer) or ()) == {"almanac", "diary"}
    assert key_limits.votes_within(key, ["diary"], consumer=consumer) == ["diary"]
    assert key_limits.votes_within(key, [], consumer=consumer) == []
    assert key_limits.votes_within(None, None, consumer=consumer) is None
    assert key_limits.votes_within(issue(cast.owner), None, consumer=consumer) is None


@pytest.mark.parametrize(
    "limits",
    [
        {"source_slugs": ["almanac"]},
        {"purposes": ["research"]},
        {"spend_cap_micro_usd": 5},
        {"daily_cap_micro_usd": 5},
        {"expires_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_a_limited_key_hands_out_no_key(cast, limits):
    draft_source(cast.owner)
    holder = issue(cast.owner, scopes=["organisation", "sources"], **limits)
    with pytest.raises(PermissionDenied):
        key_limits.require_no_more_than(holder, ["sources:read"])


def test_a_key_hands_out_no_scope_that_it_does_not_have(cast):
    holder = issue(cast.owner, scopes=["organisation", "sources"])
    key_limits.require_no_more_than(holder, ["sources:read", "training"])
    key_limits.require_no_more_than(None, ["answers"])
    with pytest.raises(PermissionDenied):
        key_limits.require_no_more_than(holder, ["sources", "answers"])
