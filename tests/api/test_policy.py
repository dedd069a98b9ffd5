"""/v1/sources/{slug}/policy and /policy/validate: publish, refuse, explain."""

import json

import pytest
from django.utils import timezone

from accounting import budgets
from marketplace import consumer_groups
from marketplace.models import PolicyVersion, Role
from tests.api.reading import problem
from tests.booking import NAT, answer, top_up
from tests.builders import draft_source, live_source, policy, train, upload

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

ADDRESS = "/v1/sources/almanac/policy"
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
PRIVATE = policy(regime="privacy", privacy=PRIVACY)


@pytest.fixture
def source(cast):
    return draft_source(cast.owner)


def put(cast, plain):
    return cast.owner.api.put(ADDRESS, plain, format="json")


def test_publishing_makes_the_source_live_and_sets_its_budget(cast, source):
    body = put(cast, policy()).json()
    assert (body["number"], body["regime"], body["plain"]) == (1, "measurement", policy())
    assert any("research" in sentence for sentence in body["sentences"])
    source.refresh_from_db()
    assert source.state == "live"
    assert budgets.state(source.budget_account_id).limit == 1_000_000 * 10**9
    assert cast.owner.api.get(ADDRESS).json() == body


def test_the_policy_of_the_interface_description_is_taken_as_it_stands(cast, source):
    plain = {
        "regime": "measurement",
        "purposes": {"allow": ["research"], "deny": []},
        "consumers": {"allow": ["*"]},
        "price_micro_usd_per_nat": 20,
        "floor_price_micro_usd": 0,
        "ceiling_price_micro_usd": None,
        "max_gamma": 1.0,
        "quote": True,
        "valid_from": None,
        "valid_until": None,
        "influence_nats": {"per_answer": 200, "per_consumer_day": 20000, "lifetime": 1000000},
        "floor_nats": None,
        "privacy": {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6},
    }
    assert put(cast, plain).json()["plain"] == plain


def test_the_same_policy_again_is_the_same_version(cast, source):
    first, second = put(cast, policy()).json(), put(cast, policy()).json()
    assert first == second
    assert PolicyVersion.objects.count() == 1


def test_another_policy_is_the_next_version_and_the_first_stays(cast, source):
    put(cast, policy())
    assert put(cast, policy(price_micro_usd_per_nat=30)).json()["number"] == 2
    assert PolicyVersion.objects.get(number=1).plain == policy()


def test_a_source_without_policy_says_so(cast, source):
    problem(cast.owner.api.get(ADDRESS), 404, "no_policy")


def test_a_contradictory_policy_is_refused_with_every_place(cast, source):
    plain = policy(
        valid_from="2027-01-01T00:00:00Z",
        valid_until="2026-01-01T00:00:00Z",
        purposes={"allow": ["research"], "deny": ["research"]},
    )
    body = problem(put(cast, plain), 422, "invalid_policy")
    assert [one["path"] for one in body["problems"]] == ["$.purposes", "$.valid_until"]
    assert not PolicyVersion.objects.exists()


def test_an_unknown_purpose_is_refused(cast, source):
    body = problem(put(cast, policy(purposes={"allow": ["fun"]})), 422, "invalid_policy")
    assert body["problems"][0]["path"] == "$.purposes.allow"


def test_not_a_number_is_refused_by_the_json_reader(cast, source):
    response = cast.owner.api.put(ADDRESS, b'{"max_gamma": NaN}', content_type="application/json")
    problem(response, 400, "bad_json")


def test_a_viewer_reads_the_policy_and_cannot_publish_one(cast, source):
    put(cast, policy())
    viewer = cast.owner.colleague(Role.VIEWER).api
    assert viewer.get(ADDRESS).status_code == 200
    problem(viewer.put(ADDRESS, policy(), format="json"), 403, "permission_denied")


def test_leaving_the_privacy_regime_needs_a_new_version(cast):
    source = live_source(cast.owner, regime="privacy", privacy=PRIVACY)
    problem(put(cast, policy()), 409, "needs_new_version")
    upload(cast.owner, source, text="New data.", name="new.txt")
    assert put(cast, policy()).json()["regime"] == "measurement"
    catalogue = cast.buyer.api.get("/v1/sources/almanac").json()
    assert catalogue["terms"]["regime"] == "measurement"
    assert PolicyVersion.objects.get(number=2).first_version == 2


def test_what_was_trained_under_privacy_counts_as_covered(cast):
    source = live_source(cast.owner, regime="privacy", privacy=PRIVACY)
    upload(cast.owner, source, text="New data.", name="new.txt")
    train(cast.owner, source)
    problem(put(cast, policy()), 409, "needs_new_version")


def test_spent_privacy_never_resets_whatever_the_policies_say(cast):
    source = live_source(cast.owner, regime="privacy", privacy={**PRIVACY, "budget_nats": 5})
    top_up(cast.buyer)
    answer(cast.buyer, "almanac", 3, mode="private", cap=3)
    put(cast, policy(regime="privacy", privacy={**PRIVACY, "budget_nats": 4}))
    upload(cast.owner, source, text="New data.", name="new.txt")
    put(cast, policy())
    put(cast, policy(privacy={**PRIVACY, "budget_nats": 4}))
    state = budgets.state(source.privacy_account_id)
    assert (state.limit, state.spent, state.left) == (4 * NAT, 3 * NAT, NAT)


def test_validate_explains_a_good_policy_in_sentences(cast, source):
    body = cast.owner.api.post(f"{ADDRESS}/validate", PRIVATE, format="json").json()
    assert (body["valid"], body["problems"]) == (True, [])
    assert any("private answers only" in sentence for sentence in body["sentences"])


def test_validate_names_every_problem_and_publishes_nothing(cast, source):
    plain = {"regime": "privacy", "quote": True, "colour": "red"}
    body = cast.owner.api.post(f"{ADDRESS}/validate", plain, format="json").json()
    assert body["valid"] is False
    assert [one["path"] for one in body["problems"]] == ["$.colour"]
    del plain["colour"]
    again = cast.owner.api.post(f"{ADDRESS}/validate", plain, format="json").json()
    assert [one["path"] for one in again["problems"]] == ["$.privacy", "$.quote"]
    assert not PolicyVersion.objects.exists()


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"colour": "red"}, "unknown_term", "$.colour"),
        ({"purposes": {"allow": ["fun"]}}, "unknown_term", "$.purposes.allow"),
        ({"consumers": {"allow": ["group:nobody"]}}, "unknown_term", "$.consumers.allow"),
        ({"max_gamma": 2}, "invalid_value", "$.max_gamma"),
        ({"purposes": {"allow": ["*"], "deny": []}, "floor_nats": 3}, "contradiction", "$.floor_nats"),
    ],
)
def test_validate_says_what_kind_of_problem_it_is(cast, source, changes, code, path):
    body = cast.owner.api.post(f"{ADDRESS}/validate", policy(**changes), format="json").json()
    (found,) = body["problems"]
    assert (found["severity"], found["code"], found["path"]) == ("error", code, path)
    assert (body["valid"], body["diff"]) == (False, None)


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"consumers": {"allow": []}}, "nobody", "$.consumers.allow"),
        ({"purposes": {"allow": []}}, "nobody", "$.purposes.allow"),
        ({"max_gamma": 0}, "nothing", "$.max_gamma"),
        ({"influence_nats": {"per_answer": 0}}, "nothing", "$.influence_nats.per_answer"),
        ({"purposes": {"allow": ["research"], "deny": ["advertising"]}}, "unreachable", "$.purposes.deny"),
        ({"consumers": {"allow": ["buyer"], "deny": ["outsider"]}}, "unreachable", "$.consumers.deny"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "over", "$.valid_until"),
        ({"price_micro_usd_per_nat": 0}, "free", "$.price_micro_usd_per_nat"),
    ],
)
def test_validate_warns_of_what_has_no_effect_and_takes_it(cast, source, changes, code, path):
    body = cast.owner.api.post(f"{ADDRESS}/validate", policy(**changes), format="json").json()
    (found,) = body["problems"]
    assert (found["severity"], found["code"], found["path"]) == ("warning", code, path)
    assert body["valid"] is True
    assert put(cast, policy(**changes)).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"purposes": {"allow": ["research"], "deny": ["medical-research"]}},
        {"purposes": {"allow": ["medical-research"], "deny": ["market-research"]}},
        {"consumers": {"allow": ["*"], "deny": ["outsider"]}},
        {"consumers": {"allow": ["domain:example.org"], "deny": ["outsider"]}},
    ],
)
def test_an_exception_that_can_decide_something_is_no_warning(cast, source, changes):
    body = cast.owner.api.post(f"{ADDRESS}/validate", policy(**changes), format="json").json()
    unreachable = [one for one in body["problems"] if one["code"] == "unreachable"]
    assert bool(unreachable) == (changes.get("purposes", {}).get("allow") == ["medical-research"])


def test_validate_shows_what_would_change_in_the_policy_in_force(cast, source):
    put(cast, policy())
    draft = policy(price_micro_usd_per_nat=30)
    diff = cast.owner.api.post(f"{ADDRESS}/validate", draft, format="json").json()["diff"]
    assert [(one["path"], one["before"], one["after"]) for one in diff["changes"]] == [
        ("$.price_micro_usd_per_nat", 20, 30)
    ]
    assert diff["now"] == ["It costs 30 micro-USD a nat of influence."]


def test_the_purposes_are_published(cast):
    found = {one["slug"]: one["parent"] for one in cast.stranger.get("/v1/purposes").json()}
    assert found["medical-research"] == "research"


@pytest.mark.parametrize("consumer", ["a\x00b", "\ud800", "Two Words", "x" * 65])
def test_a_consumer_that_is_no_slug_is_refused(cast, source, consumer):
    wish = {"data": json.dumps(policy(consumers={"allow": [consumer]})), "content_type": "application/json"}
    body = problem(cast.owner.api.put(ADDRESS, **wish), 422, "invalid_policy")
    assert body["problems"][0]["path"] == "$.consumers.allow"
    assert cast.owner.api.post(f"{ADDRESS}/validate", **wish).json()["valid"] is False


def test_a_group_that_does_not_exist_is_refused_at_each_place(cast, source):
    consumer_groups.open_group(
        slug="labs", title="Laboratories", acting_user=cast.operator.user, now=timezone.now()
    )
    price = {"consumer": "group:schools", "price_micro_usd_per_nat": 5}
    plain = policy(consumers={"allow": ["group:labs", "group:universities"]}, prices=[price])
    body = problem(put(cast, plain), 422, "invalid_policy")
    assert [one["path"] for one in body["problems"]] == ["$.consumers.allow", "$.prices[0].consumer"]
    assert body["problems"][0]["sentence"] == "There is no group 'universities' on this market."
    assert put(cast, policy(consumers={"allow": ["group:labs"]})).status_code == 200
