"""/v1/sources/{slug}/policies: every version, what it changed, announcing and calling off."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.models import Role
from tests.api.reading import problem
from tests.builders import draft_source, policy

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]
POLICY = "/v1/sources/almanac/policy"
POLICIES = "/v1/sources/almanac/policies"


@pytest.fixture
def source(cast):
    made = draft_source(cast.owner)
    cast.owner.api.put(POLICY, policy(), format="json")
    return made


def later(**ahead):
    return (timezone.now() + timedelta(**ahead)).isoformat().replace("+00:00", "Z")


def test_versions_are_listed_newest_first_with_what_each_changed(cast, source):
    cast.owner.api.put(POLICY, policy(price_micro_usd_per_nat=30), format="json")
    rows = cast.owner.api.get(POLICIES).json()["results"]
    assert [(row["number"], row["state"], row["replaces"]) for row in rows] == [
        (2, "in_force", 1),
        (1, "replaced", None),
    ]
    assert rows[0]["diff"] == {
        "changes": [
            {"path": "$.price_micro_usd_per_nat", "before": 20, "after": 30, "added": [], "removed": []}
        ],
        "was": ["It costs 20 micro-USD a nat of influence."],
        "now": ["It costs 30 micro-USD a nat of influence."],
        "asks_more": ["The price rises: a nat of influence costs 30 micro-USD instead of 20."],
    }
    assert cast.owner.api.get(f"{POLICIES}/2").json() == rows[0]


def test_the_list_is_paged_and_takes_the_same_queries_whatever_its_length(cast, source):
    def queries():
        with CaptureQueriesContext(connection) as context:
            assert cast.owner.api.get(POLICIES).status_code == 200
        return len(context)

    queries()
    few = queries()
    for price in range(5):
        cast.owner.api.put(POLICY, policy(price_micro_usd_per_nat=price), format="json")
    assert queries() == few
    first = cast.owner.api.get(f"{POLICIES}?page_size=4").json()
    assert [row["number"] for row in first["results"]] == [6, 5, 4, 3]
    assert [row["number"] for row in cast.owner.api.get(first["next"]).json()["results"]] == [2, 1]


@pytest.mark.parametrize("as_envelope", [True, False])
def test_a_policy_is_announced_beside_its_plain_form_or_by_a_parameter(cast, source, as_envelope):
    at, plain = later(days=3), policy(price_micro_usd_per_nat=30)
    body = {"policy": plain, "effective_at": at} if as_envelope else plain
    address = POLICY if as_envelope else f"{POLICY}?effective_at={at}"
    told = cast.owner.api.put(address, body, format="json").json()
    assert (told["number"], told["state"], told["effective_at"]) == (2, "waiting", at)
    assert cast.owner.api.get(POLICY).json()["number"] == 1
    assert [row["state"] for row in cast.owner.api.get(POLICIES).json()["results"]] == ["waiting", "in_force"]


def test_an_envelope_without_a_moment_is_the_plain_form(cast, source):
    told = cast.owner.api.put(POLICY, {"policy": policy(max_gamma=0.5)}, format="json").json()
    assert (told["number"], told["state"]) == (2, "in_force")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"policy": policy(), "effective_at": "tomorrow"}, "invalid"),
        ({"policy": policy(), "effective_at": "2027-01-01T00:00:00"}, "invalid"),
        ({"policy": policy(), "effective_at": 5}, "invalid"),
        ({"policy": policy(), "effective_at": "2020-01-01T00:00:00Z"}, "effective_in_the_past"),
        ({"policy": policy(), "effective_at": "9999-12-31T23:59:59-10:00"}, "invalid"),
        ({"policy": policy(), "colour": "red"}, "invalid"),
        ({"policy": "none"}, "invalid"),
    ],
)
def test_a_moment_or_an_envelope_that_says_nothing_clear_is_refused(cast, source, body, code):
    problem(cast.owner.api.put(POLICY, body, format="json"), 422, code)


def test_what_waits_is_called_off_and_another_one_may_come(cast, source):
    plain = policy(price_micro_usd_per_nat=30)
    cast.owner.api.put(POLICY, {"policy": plain, "effective_at": later(days=3)}, format="json")
    problem(cast.owner.api.put(POLICY, policy(max_gamma=0.5), format="json"), 409, "policy_waiting")
    told = cast.owner.api.post(f"{POLICIES}/2/cancel", {"reason": "Not yet."}, format="json").json()
    assert (told["state"], told["called_off_reason"]) == ("called_off", "Not yet.")
    problem(cast.owner.api.post(f"{POLICIES}/2/cancel", {}, format="json"), 409, "not_waiting")
    assert cast.owner.api.put(POLICY, policy(max_gamma=0.5), format="json").json()["number"] == 3


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider", "operator"])
@pytest.mark.parametrize("part", ["", "/1"])
def test_versions_are_their_owners_business_only(cast, source, who, part):
    problem(getattr(cast, who).api.get(POLICIES + part), 404, "not_found")
    problem(getattr(cast, who).api.post(f"{POLICIES}/1/cancel", {}, format="json"), 404, "not_found")


def test_a_viewer_reads_versions_and_calls_none_off(cast, source):
    viewer = cast.owner.colleague(Role.VIEWER).api
    assert viewer.get(f"{POLICIES}/1").status_code == 200
    problem(viewer.post(f"{POLICIES}/1/cancel", {}, format="json"), 403, "permission_denied")
    assert cast.stranger.get(POLICIES).status_code == 401
    problem(cast.owner.key_for("answers").get(POLICIES), 403, "permission_denied")
    problem(cast.owner.api.get(f"{POLICIES}/9"), 404, "not_found")
