"""Terms that apply become clauses of the policy, which never gets wider and allows nothing against them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.models import PolicyVersion
from marketplace.policy import plain
from marketplace.policy.purposes import PURPOSES
from marketplace.policy.request import Allow, Request
from marketplace.rights.against_policy import differences
from marketplace.rights.drafts import narrowed
from tests.api.reading import problem
from tests.builders import draft_source, policy, publish, upload
from tests.odrl.policies import policies

PAIRS = st.lists(st.sampled_from(sorted(PURPOSES)), min_size=1, max_size=3, unique=True)
COUNTRIES = st.lists(st.sampled_from(["DE", "FR", "US", "AD"]), min_size=1, max_size=3, unique=True)
DRAFTS = st.one_of(
    st.just({"consumers": {"allow": []}}),
    st.builds(lambda side, words: {"purposes": {side: words}}, st.sampled_from(["allow", "deny"]), PAIRS),
    st.builds(
        lambda side, words: {"countries": {side: words}}, st.sampled_from(["allow", "deny"]), COUNTRIES
    ),
    st.sampled_from([{"quote": False}, {"quote": True}, {"approval": "required"}, {}]),
    st.integers(0, 10**6).map(lambda least: {"floor_price_micro_usd": least}),
    st.just({"attribution_notice": "From a text."}),
    st.just({"price_micro_usd_per_nat": 0}),
)


@given(policies(), st.lists(DRAFTS, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_narrowed_policy_is_valid_allows_nothing_against_the_terms_and_nothing_new(
    written: dict[str, Any], drafts: list[dict[str, Any]]
) -> None:
    found = narrowed(written, drafts)
    before, after = plain.parse(written), plain.parse(found)
    if found.get("consumers", {}) and found["consumers"].get("allow"):
        assert [differences(draft, found) for draft in drafts] == [[] for _ in drafts]
    for purpose in PURPOSES:
        for country in ("DE", "US", "JP"):
            request = Request("buyer", purpose, datetime(2026, 6, 1, tzinfo=UTC), "open", country=country)
            if isinstance(after.verify(request), Allow):
                assert isinstance(before.verify(request), Allow)


@pytest.mark.parametrize(
    ("draft", "changes", "expected"),
    [
        ({"purposes": {"deny": ["commercial"]}}, {"purposes": {"allow": ["advertising", "research"]}},
         {"purposes": {"allow": ["research"], "deny": ["commercial"]}, "prices": None}),
        ({"purposes": {"allow": ["education"]}}, {"purposes": {"allow": ["*"]}},
         {"purposes": {"allow": ["education"], "deny": []}, "prices": None}),
        ({"countries": {"allow": ["DE"]}}, {"countries": {"allow": ["FR"]}},
         {"countries": {"deny": []}, "consumers": {"allow": []}, "prices": None}),
        ({"floor_price_micro_usd": 9}, {"ceiling_price_micro_usd": 5},
         {"floor_price_micro_usd": 9, "ceiling_price_micro_usd": 9}),
        ({"quote": False}, {"quote": True, "outputs": {"allow": ["quotation"]}},
         {"quote": False, "outputs": None, "consumers": {"allow": []}, "prices": None}),
        ({"attribution_notice": "B"}, {"attribution_notice": "A"}, {}),
    ],
)  # fmt: skip
def test_what_each_draft_does(draft: Any, changes: Any, expected: Any) -> None:
    before = policy(**changes)
    assert narrowed(before, [draft]) == before | expected


@pytest.fixture
def stated(cast, named_core):
    source = draft_source(cast.owner)
    upload(cast.owner, source, text="Content-Usage: search=n\n\nOxlips.")
    return source


RIGHTS = "/v1/sources/almanac/rights"


def confirm(cast, decision, note=""):
    ids = [one["id"] for one in cast.owner.api.get(RIGHTS).json()["results"]]
    body = {"findings": ids, "decision": decision, "note": note}
    assert cast.owner.api.post(f"{RIGHTS}/confirm", body, format="json").status_code == 200


@pytest.mark.books
@pytest.mark.django_db
def test_the_terms_that_apply_are_taken_into_the_policy(cast, stated):
    publish(cast.owner, stated, quote=True)
    assert cast.owner.api.get(RIGHTS).json()["draft_policy"] is None, "not before they are confirmed"
    confirm(cast, "applies")
    draft = cast.owner.api.get(RIGHTS).json()["draft_policy"]
    assert draft == policy(quote=False)
    assert cast.owner.api.post(f"{RIGHTS}/adopt").json()["plain"] == draft
    body = cast.owner.api.get(RIGHTS).json()
    assert (body["draft_policy"], body["results"][0]["against_policy"]) == (None, [])
    assert cast.owner.api.post(f"{RIGHTS}/adopt").json()["number"] == 2
    assert PolicyVersion.objects.count() == 2


@pytest.mark.books
@pytest.mark.django_db
def test_a_term_that_was_set_aside_narrows_nothing(cast, stated):
    publish(cast.owner, stated, quote=True)
    confirm(cast, "does_not_apply", "Our own.")
    assert cast.owner.api.get(RIGHTS).json()["draft_policy"] is None
    assert cast.owner.api.post(f"{RIGHTS}/adopt").json()["number"] == 1


@pytest.mark.books
@pytest.mark.django_db
def test_without_a_policy_there_is_nothing_to_narrow(cast, stated):
    confirm(cast, "applies")
    problem(cast.owner.api.post(f"{RIGHTS}/adopt"), 409, "no_policy")
