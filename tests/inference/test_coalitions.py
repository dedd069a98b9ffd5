"""Who votes beside whom: coalitions and pairs that do not sit together, to a fixed point, always the same."""

from collections.abc import Sequence
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.errors import Forbidden
from inference.coalitions import plan_together, require_together
from inference.fields import Fields
from inference.plan import Considered, House, Plan, make_plan
from inference.problems import Unavailable
from inference.wishes import read_wishes
from marketplace.policy.request import Allow, Limits
from tests.marketplace.policy.asking import ask, policy

PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}


def source(slug: str, relevance: float = 0.5, *, charge: int | None = None, **terms: Any) -> Considered:
    """A candidate with this policy."""
    taken = policy(**terms)
    admitted: Any = SimpleNamespace(
        source=SimpleNamespace(slug=slug, earnings_account_id=7),
        limits=taken.limits,
        budget_account_ids=(1,),
        left_nano_nats=None,
        asked_again=lambda others: taken.verify(ask(others=others)),
    )
    return Considered(admitted, relevance, token_charge_nano_nats=charge)


def plan(*sources: Considered, seats: int = 3, **wishes: Any) -> Plan:
    read = read_wishes(Fields(wishes), default_purpose="research", store_by_default=True)
    house = House(seats=seats, fee_basis_points=0, block_tokens=32, nats_per_token=4, least_relevance=0.05)

    def plan_for(considered: Sequence[Considered]) -> Plan:
        return make_plan(wishes=read, max_tokens=10, considered=considered, house=house)

    return plan_together(considered=sources, wishes=read, plan_for=plan_for)


def seated(made: Plan) -> list[str]:
    return [seat.slug for seat in made.seats]


def excluded(made: Plan) -> dict[str, str]:
    return {one.slug: one.rule for one in made.excluded}


# --- a minimum coalition ----------------------------------------------------------------------------------


def test_a_source_that_is_too_much_alone_does_not_vote():
    made = plan(source("a", minimum_coalition=1))
    assert (seated(made), excluded(made)) == ([], {"a": "coalition"})
    assert made.excluded[0].reason == "It votes only if at least 1 other sources do; 0 would."


def test_enough_others_and_it_votes():
    assert seated(plan(source("a", 0.9, minimum_coalition=2), source("b"), source("c"))) == ["a", "b", "c"]


def test_who_leaves_may_undo_anothers_coalition():
    made = plan(
        source("a", 0.9, minimum_coalition=2), source("b", 0.8, minimum_coalition=3), source("c", 0.7)
    )
    assert (seated(made), excluded(made)) == (["c"], {"a": "coalition", "b": "coalition"})


def test_a_free_seat_goes_to_the_next_one_and_may_save_a_coalition():
    made = plan(
        source("a", 0.9, minimum_coalition=2),
        source("b", 0.8, minimum_coalition=5),
        source("c", 0.7),
        source("d", 0.6),
    )
    assert (seated(made), excluded(made)) == (["a", "c", "d"], {"b": "coalition"})


def test_sources_that_need_each_other_vote_together():
    both = [source("a", 0.9, minimum_coalition=1), source("b", 0.8, minimum_coalition=1)]
    assert seated(plan(*both)) == ["a", "b"]


# --- not together -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["a", "b", "both"])
def test_of_two_that_do_not_sit_together_the_more_relevant_one_stays_whoever_says_so(who):
    made = plan(
        source("a", 0.9, not_together_with=["b"] if who in {"a", "both"} else []),
        source("b", 0.8, not_together_with=["a"] if who in {"b", "both"} else []),
    )
    assert (seated(made), excluded(made)) == (["a"], {"b": "not_together"})
    assert "'a'" in made.excluded[0].reason
    assert "stays: it comes first." in made.excluded[0].reason


def test_a_required_source_comes_first():
    made = plan(source("a", 0.9, not_together_with=["b"]), source("b", 0.8), require=["b"])
    assert (seated(made), excluded(made)) == (["b"], {"a": "not_together"})


def test_in_a_chain_only_the_middle_leaves():
    made = plan(
        source("a", 0.9, not_together_with=["b"]), source("b", 0.8, not_together_with=["c"]), source("c", 0.7)
    )
    assert (seated(made), excluded(made)) == (["a", "c"], {"b": "not_together"})


def test_whoever_left_because_of_one_that_left_itself_comes_back():
    made = plan(source("a", 0.9, not_together_with=["b"], minimum_coalition=2), source("b", 0.8))
    assert (seated(made), excluded(made)) == (["b"], {"a": "coalition"})


def test_two_required_sources_that_do_not_sit_together_are_a_refusal():
    with pytest.raises(Forbidden) as refused:
        plan(source("a", 0.9, not_together_with=["b"]), source("b", 0.8), require=["a", "b"])
    assert (refused.value.extra["rule"], refused.value.extra["source"]) == ("not_together", "b")


def test_a_required_source_without_its_coalition_is_a_refusal():
    with pytest.raises(Forbidden) as refused:
        plan(source("a", 0.9, minimum_coalition=1), require=["a"])
    assert refused.value.extra["rule"] == "coalition"


# --- private answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [{"not_together_with": ["b"]}, {"minimum_coalition": 2}])
def test_in_private_answers_nobody_leaves_a_seat_the_request_is_refused_the_same_whatever_they_hold(terms):
    refusals = set()
    for relevances in ((0.0, 0.9), (0.9, 0.0), (0.5, 0.5)):
        one = source("a", relevances[0], charge=1000, privacy=PRIVACY, **terms)
        other = source("b", relevances[1], charge=1000, privacy=PRIVACY)
        with pytest.raises(Forbidden) as refused:
            plan(one, other, mode="private", only=["a", "b"])
        refusals.add((refused.value.detail, refused.value.extra["rule"], refused.value.extra["source"]))
    assert len(refusals) == 1


# --- at the hold ------------------------------------------------------------------------------------------


def test_a_budget_that_refuses_at_the_last_moment_and_breaks_a_coalition_is_tried_again():
    made = plan(source("a", 0.9, minimum_coalition=1), source("b", 0.8))
    require_together(made)
    broken = made.without(["b"], rule="budget", reason="Its lifetime budget is spent.", required=[])
    with pytest.raises(Unavailable) as refused:
        require_together(broken)
    assert (refused.value.code, refused.value.status) == ("seats_changed", 503)


# --- whatever the policies --------------------------------------------------------------------------------

NAMES = "abcdefg"
TERMS = st.fixed_dictionaries(
    {
        "minimum_coalition": st.integers(0, 4),
        "not_together_with": st.lists(st.sampled_from(NAMES), unique=True, max_size=2),
    }
)
MARKETS = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(st.sampled_from([0.2, 0.5, 0.9]), TERMS), max_size=7
)


def offered(market) -> list[Considered]:
    return [source(slug, relevance, **terms) for slug, (relevance, terms) in market.items()]


@given(market=MARKETS, seats=st.integers(1, 7), order=st.randoms())
def test_it_ends_the_same_whatever_the_order_and_every_voter_agrees_to_the_others(market, seats, order):
    made = plan(*offered(market), seats=seats)
    slugs = frozenset(seated(made))
    for seat in made.seats:
        others = slugs - {seat.slug}
        assert isinstance(seat.admitted.asked_again(others=others), Allow)
    for one in made.excluded:
        if one.rule == "not_together":
            assert any(f"'{slug}'" in one.reason for slug in slugs), "who stays has a seat"
    shuffled = offered(market)
    order.shuffle(shuffled)
    assert plan(*shuffled, seats=seats).excluded == made.excluded


@given(least=st.lists(st.integers(0, 6), max_size=7))
def test_with_seats_for_all_the_largest_set_that_agrees_votes(least):
    market = [source(NAMES[place], 0.5, minimum_coalition=most) for place, most in enumerate(least)]
    need = {NAMES[place]: most for place, most in enumerate(least)}
    stable = (
        frozenset(some)
        for size in range(len(need), -1, -1)
        for some in combinations(need, size)
        if all(len(some) - 1 >= need[slug] for slug in some)
    )
    assert frozenset(seated(plan(*market, seats=7))) == next(stable)


def test_limits_of_a_yes_do_not_change_when_asked_again():
    limits = policy(minimum_coalition=1, price_micro_usd_per_nat=7).verify(ask(others=frozenset({"b"})))
    assert isinstance(limits, Allow)
    assert isinstance(limits.limits, Limits)
    assert limits.limits.price_micro_usd_per_nat == 7
