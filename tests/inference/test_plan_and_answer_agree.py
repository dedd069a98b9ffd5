"""A plan says before what its answer says afterwards: both sides' limits, who binds, who is left out."""

import pytest

from accounting.models import Hold

pytestmark = [pytest.mark.books, pytest.mark.django_db]
ALIKE = ("source", "owner", "gamma_requested", "gamma_policy", "cap_nats", "cap_limited_by")
BOUND = {"privacy": {"budget_nats": 1.5, "eta": 0.2, "delta": 1e-6}}


def plan(scene, **body):
    reply = scene.cast.buyer.api.post("/v1/plan", scene.body(**body), format="json")
    assert reply.status_code == 200, reply.content
    return reply.json()


def only_seat(found):
    (seat,) = found["sources"]
    return seat


def binding(limits):
    (found,) = [one for one in limits if one["binds"]]
    return found


WISHES = {
    "nothing": {},
    "only": {"only": ["guide", "opera-guide"]},
    "only the core": {"only": []},
    "ignore": {"ignore": ["guide"]},
    "require": {"require": ["guide"]},
    "gamma": {"gamma": {"guide": 0.5}},
    "max_price": {"max_price_micro_usd": 90},
    "max_influence": {"max_influence_nats": 0.75},
    "purpose": {"purpose": "education"},
}


@pytest.mark.parametrize("wish", WISHES)
def test_the_plan_says_what_the_answer_then_says(scene, wish):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="guide", max_gamma=0.8,
                purposes={"allow": ["academic-research", "education"]})  # fmt: skip
    planned = plan(scene, abc=WISHES[wish])
    answered = scene.ask(abc=WISHES[wish]).json()["abc"]
    assert [[one[key] for key in ALIKE] for one in planned["sources"]] == [
        [one[key] for key in ALIKE] for one in answered["sources"]
    ]
    for before, after in zip(planned["sources"], answered["sources"], strict=True):
        assert before["relevance"] == pytest.approx(after["relevance"], abs=0.026)
        assert after["gamma_effective"] <= before["gamma_effective"] + 1e-9
        assert after["charge_micro_usd"] <= before["most_micro_usd"]
        assert after["attribution_nats"]["symmetric"] <= before["cap_nats"]
    for key in ("excluded", "excluded_counts", "mode", "core"):
        assert planned[key] == answered[key]
    held = Hold.objects.get().held_micro_usd if answered["sources"] else 0
    assert held == planned["quote"]["total_micro_usd"]


def test_both_sides_of_a_voting_right_are_shown_and_who_decided(scene):
    scene.offer("python-guide", as_slug="guide", max_gamma=0.6)
    for asked, got, whose in ((1.0, 0.6, "policy"), (0.25, 0.25, "user")):
        seat = only_seat(plan(scene, abc={"only": ["guide"], "gamma": {"guide": asked}}))
        assert (seat["gamma_requested"], seat["gamma_policy"], seat["gamma_effective"]) == (asked, 0.6, got)
        assert (seat["limited_by"], seat["gamma"]) == (whose, got)


@pytest.mark.parametrize(
    ("policy", "wishes", "owner", "limit", "nats"),
    [
        ({}, {"max_influence_nats": 0.4}, "user", "abc.max_influence_nats", 0.4),
        ({"influence_nats": {"per_answer": 0.5}}, {}, "policy", "influence_nats.per_answer", 0.5),
        ({"influence_nats": {"lifetime": 0.3}}, {}, "budget", "budgets_left", 0.3),
        ({}, {}, "query_cap", "tokens", 24.0),
        ({}, {"max_price_micro_usd": 21}, "user", "abc.max_price_micro_usd", 1.0),
    ],
)  # fmt: skip
def test_the_limit_that_binds_is_named_among_all_of_them(scene, policy, wishes, owner, limit, nats):
    scene.offer("python-guide", as_slug="guide", **policy)
    seat = only_seat(plan(scene, abc={"only": ["guide"], **wishes}))
    assert binding(seat["nats_limits"]) == {"owner": owner, "limit": limit, "nats": nats, "binds": True}
    assert (seat["cap_limited_by"], seat["cap_nats"]) == (owner, nats)
    assert [one["limit"] for one in seat["nats_limits"]] == [
        "abc.max_influence_nats", "influence_nats.per_answer", "budgets_left", "tokens",
        "abc.max_price_micro_usd",
    ]  # fmt: skip


def test_limits_that_do_not_bind_stand_beside_the_one_that_does(scene):
    scene.offer("python-guide", as_slug="guide", influence_nats={"per_answer": 0.5, "lifetime": 100})
    seat = only_seat(plan(scene, abc={"only": ["guide"], "max_influence_nats": 2}))
    told = {one["limit"]: one["nats"] for one in seat["nats_limits"]}
    assert told == {
        "abc.max_influence_nats": 2.0,
        "influence_nats.per_answer": 0.5,
        "budgets_left": None,  # enough; what others have spent of it is not shown
        "tokens": 24.0,
        "abc.max_price_micro_usd": None,
    }


@pytest.mark.parametrize(
    ("policy", "wishes", "owner", "limit", "micro_usd"),
    [
        ({}, {}, "policy", "price_micro_usd_per_nat", 24 * 20),
        ({"ceiling_price_micro_usd": 100}, {}, "policy", "ceiling_price_micro_usd", 100),
        ({"floor_price_micro_usd": 5000}, {}, "policy", "floor_price_micro_usd", 5000),
        ({}, {"max_price_micro_usd": 105}, "user", "abc.max_price_micro_usd", 100),
    ],
)
def test_what_decides_the_money_is_named(scene, policy, wishes, owner, limit, micro_usd):
    scene.offer("python-guide", as_slug="guide", **policy)
    found = plan(scene, abc={"only": ["guide"], **wishes})
    seat = only_seat(found)
    expected = {"owner": owner, "limit": limit, "micro_usd": micro_usd, "binds": True}
    assert binding(seat["money_limits"]) == expected
    assert seat["most_micro_usd"] == micro_usd
    quote = found["quote"]
    assert quote["max_price_micro_usd"] == wishes.get("max_price_micro_usd")
    assert quote["total_micro_usd"] == sum(
        quote[part] for part in ("charges_micro_usd", "floors_micro_usd", "fee_micro_usd")
    )
    assert quote["fee_micro_usd"] == quote["charges_micro_usd"] * quote["fee_basis_points"] // 10_000


def test_a_purpose_that_the_owner_does_not_allow_leaves_it_out_by_that_rule(scene):
    scene.offer("python-guide", as_slug="guide", purposes={"allow": ["education"]})
    named = {"only": ["guide"]}
    assert plan(scene, abc={**named, "purpose": "education"})["sources"]
    (refused,) = plan(scene, abc={**named, "purpose": "academic-research"})["excluded"]
    assert (refused["source"], refused["rule"]) == ("guide", "purpose")


@pytest.mark.parametrize(
    ("policy", "wishes", "rule", "words"),
    [
        ({"influence_nats": {"per_answer": 0}}, {}, "budget", "policy"),
        ({"influence_nats": {"lifetime": 0}}, {}, "budget", "budget"),
        ({}, {"max_influence_nats": 0}, "ignore", "max_influence_nats"),
        ({}, {"max_price_micro_usd": 0}, "price", "price limit"),
        ({}, {"gamma": {"guide": 0}}, "ignore", ""),
    ],
)
def test_a_source_that_is_allowed_nothing_is_left_out_with_whose_word_it_was(
    scene, policy, wishes, rule, words
):
    scene.offer("python-guide", as_slug="guide", **policy)
    found = plan(scene, abc={"only": ["guide"], **wishes})
    (left_out,) = [one for one in found["excluded"] if one["source"] == "guide"]
    assert left_out["rule"] == rule
    assert words in left_out["reason"]
    assert found["excluded_counts"][rule] >= 1


def test_a_private_plan_shows_public_values_only(scene):
    scene.offer("python-guide", as_slug="secret", regime="privacy", **BOUND)
    scene.offer("opera-guide", as_slug="unrelated", regime="privacy", **BOUND)
    named = {"mode": "private", "only": ["secret", "unrelated"]}
    found = plan(scene, seed=None, abc=named)
    knowing, ignorant = found["sources"]
    assert (knowing.pop("source"), ignorant.pop("source")) == ("secret", "unrelated")
    assert knowing == ignorant, "whoever knows nothing of the question looks the same"
    assert knowing["relevance"] is None
    answered = scene.ask(seed=None, abc=named).json()["abc"]["sources"]
    for before, after in zip(plan(scene, seed=None, abc=named)["sources"], answered, strict=True):
        assert [before[key] for key in ALIKE] == [after[key] for key in ALIKE]
