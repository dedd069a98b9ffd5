"""The replay of a back-test against a plain model that remembers every answer and adds up from scratch."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.backtest.answers import Asked, PastAnswer
from marketplace.backtest.replay import Replay
from marketplace.policy import plain
from marketplace.policy.policy import Policy
from marketplace.policy.request import Deny
from marketplace.policy.windows import LENGTHS

START = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
NANO = 10**9
SLACK = timedelta(seconds=30)
CONSUMERS = ("ant", "bee")
PURPOSES = ("research", "academic-research", "advertising", "teaching")


@dataclass
class Model:
    """Every limit by its definition, over the whole list of what was given."""

    policy: Policy
    given: list = field(default_factory=list)  # (at, consumer, nano-nats, mode)

    def outcome(self, answer):
        """(rule or None, drawn, paid)"""
        verdict = self.policy.verify(answer.asked.at(answer.at))
        if isinstance(verdict, Deny):
            return verdict.rule, 0, 0
        limits = verdict.limits
        assert limits is not None
        if limits.max_gamma == 0:
            return "gamma", 0, 0
        caps = [answer.drawn_nano_nats, *self.lefts(answer, limits)]
        if limits.per_answer_nano_nats is not None:
            caps.append(limits.per_answer_nano_nats)
        if min(caps[1:], default=1) <= 0:
            return "budget", 0, 0
        drawn = min(caps)
        self.given.append((answer.at, answer.consumer, drawn, answer.asked.mode))
        charge = min(answer.charged_nano_nats, drawn) * limits.price_micro_usd_per_nat // NANO
        if limits.ceiling_price_micro_usd is not None:
            charge = min(charge, limits.ceiling_price_micro_usd)
        return None, drawn, max(charge, limits.floor_price_micro_usd if answer.tokens_delivered else 0)

    def lefts(self, answer, limits):
        if limits.lifetime_nano_nats is not None:
            yield limits.lifetime_nano_nats - sum(nats for _, _, nats, _ in self.given)
        if answer.asked.mode == "private":
            spent = sum(nats for _, _, nats, mode in self.given if mode == "private")
            yield limits.privacy.budget_nano_nats - spent
        for window in limits.all_windows:
            inside = (
                nats
                for at, consumer, nats, _ in self.given
                if (window.consumers == "all" or consumer == answer.consumer)
                and self.counts(window, at, answer.at)
            )
            yield window.nano_nats - sum(inside)

    def counts(self, window, at, now):
        if not window.is_rolling:
            return window.starts_at(at) == window.starts_at(now)
        step = max(LENGTHS[window.per] / 100, SLACK).total_seconds()
        ends = (at.timestamp() // step + 1) * step
        return ends > now.timestamp() - (LENGTHS[window.per] + SLACK).total_seconds()


windows = st.lists(
    st.builds(
        lambda per, kind, consumers, nats: {"per": per, "kind": kind, "consumers": consumers, "nats": nats},
        st.sampled_from(["hour", "day", "month"]),
        st.sampled_from(["calendar", "rolling"]),
        st.sampled_from(["each", "all"]),
        st.just(12),
    ),
    max_size=3,
    unique_by=lambda one: (one["per"], one["kind"], one["consumers"]),
)
policies = st.builds(
    lambda allow, deny, price, floor, above, gamma, given, lifetime, each, until: {
        "purposes": {"allow": allow, "deny": deny},
        "consumers": {"allow": ["*"]},
        "price_micro_usd_per_nat": price,
        "floor_price_micro_usd": floor,
        "ceiling_price_micro_usd": None if above is None else floor + above,
        "max_gamma": gamma,
        "influence_nats": {"windows": given, "lifetime": lifetime, "per_answer": each},
        "privacy": {"budget_nats": 9, "eta": 0.1, "delta": 1e-6},
        "valid_until": until,
    },
    st.sampled_from([["*"], ["research"], ["research", "education"], []]),
    st.sampled_from([[], ["advertising"]]),
    st.integers(0, 10**6),
    st.integers(0, 50),
    st.none() | st.integers(0, 10**6),
    st.sampled_from([1.0, 0.5, 0.0]),
    windows,
    st.none() | st.integers(12, 60),
    st.none() | st.sampled_from([0, 0.5, 3, 12]),
    st.none() | st.just((START + timedelta(days=1)).isoformat()),
)
answers = st.builds(
    lambda minutes, consumer, purpose, mode, drawn, undelivered, paid, tokens: PastAnswer(
        at=START + timedelta(minutes=minutes),
        consumer=consumer,
        asked=Asked(consumer, purpose, mode),
        drawn_nano_nats=drawn,
        charged_nano_nats=max(0, drawn - undelivered) if tokens else 0,
        paid_micro_usd=paid,
        tokens_delivered=tokens,
    ),
    st.integers(0, 60 * 24 * 40) | st.integers(0, 180),
    st.sampled_from(CONSUMERS),
    st.sampled_from(PURPOSES),
    st.sampled_from(["open", "open", "private"]),
    st.integers(0, 6 * NANO),
    st.sampled_from([0, 1, NANO]),
    st.integers(0, 1000),
    st.sampled_from([0, 7]),
)


@settings(max_examples=300, deadline=None)
@given(written=policies, past=st.lists(answers, max_size=40))
def test_a_replay_is_what_the_plain_model_says(written, past):
    past.sort(key=lambda one: one.at)
    policy = plain.parse(written)
    model, replay = Model(policy), Replay(policy)
    expected = [model.outcome(one) for one in past]
    for one in past:
        replay.take(one)
    assert dict(replay.refused_by_rule) == {
        rule: sum(one[0] == rule for one in expected) for rule in {one[0] for one in expected if one[0]}
    }
    for consumer in {one.consumer for one in past}:
        own = [(one, said) for one, said in zip(past, expected, strict=True) if one.consumer == consumer]
        sums = replay.by_consumer()[consumer]
        assert (sums.answers, sums.refused) == (len(own), sum(said[0] is not None for _, said in own))
        assert sums.draft_nano_nats == sum(said[1] for _, said in own)
        assert sums.draft_micro_usd == sum(said[2] for _, said in own)
        assert sums.micro_usd == sum(one.paid_micro_usd for one, _ in own)
        assert sums.limited == sum(said[0] is None and said[1] < one.drawn_nano_nats for one, said in own)
    total = replay.total()
    assert (total.answers, total.draft_micro_usd) == (len(past), sum(one[2] for one in expected))


def test_what_was_given_before_the_range_counts_in_windows_that_reach_into_it():
    policy = plain.parse(
        {
            "purposes": {"allow": ["*"]},
            "consumers": {"allow": ["*"]},
            "influence_nats": {"windows": [{"per": "day", "kind": "rolling", "consumers": "all", "nats": 5}]},
        }
    )
    replay = Replay(policy)
    replay.before(_answer(START, 3))
    replay.take(_answer(START + timedelta(hours=2), 4))
    replay.take(_answer(START + timedelta(hours=3), 4))
    replay.take(_answer(START + timedelta(hours=25), 4))
    total = replay.total()
    assert (total.limited, total.refused, total.draft_nano_nats) == (2, 1, (2 + 3) * NANO)


@pytest.mark.parametrize(("spent", "rule"), [(9, None), (10, "budget")])
def test_what_was_spent_of_a_lifetime_before_stays_spent(spent, rule):
    policy = plain.parse(
        {
            "purposes": {"allow": ["*"]},
            "consumers": {"allow": ["*"]},
            "influence_nats": {"lifetime": 10},
        }
    )
    replay = Replay(policy, lifetime_spent=spent * NANO)
    replay.take(_answer(START, 4))
    assert dict(replay.refused_by_rule) == ({rule: 1} if rule else {})


def test_an_answer_whose_purpose_is_not_on_record_is_kept_as_it_was():
    replay = Replay(plain.parse({}))
    replay.take(PastAnswer(START, "ant", None, 3 * NANO, 2 * NANO, 40, 7))
    total = replay.total()
    assert (total.unknown, total.refused, total.draft_nano_nats, total.draft_micro_usd) == (
        1,
        0,
        3 * NANO,
        40,
    )


def _answer(at, nats):
    return PastAnswer(at, "ant", Asked("ant", "research", "open"), nats * NANO, nats * NANO, nats, 7)
