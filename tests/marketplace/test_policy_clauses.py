"""What a policy answers: a table for each clause, and deny wins over allow."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.policy import plain, purposes
from marketplace.policy.kinds.consumers import Consumers
from marketplace.policy.kinds.modes import Modes
from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.request import Allow, Deny, PrivacyTerms, Request

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRIVACY = PrivacyTerms(1_500_000_000, 0.1, 1e-6)


def ask(**changes) -> Request:
    return Request(**{"consumer": "buyer", "purpose": "research", "now": NOON, "mode": "open", **changes})


def rule(answer: Allow | Deny) -> str | None:
    return answer.rule if isinstance(answer, Deny) else None


@pytest.mark.parametrize(
    ("allow", "deny", "expected"),
    [
        ([], [], "consumer"),
        (["*"], [], None),
        (["buyer"], [], None),
        (["other"], [], "consumer"),
        (["*"], ["buyer"], "consumer"),
        (["buyer"], ["buyer"], "consumer"),
        (["*"], ["other"], None),
    ],
)
def test_consumers(allow, deny, expected):
    assert rule(Consumers(frozenset(allow), frozenset(deny)).verify(ask())) == expected


@pytest.mark.parametrize(
    ("allow", "deny", "purpose", "expected"),
    [
        ([], [], "research", "purpose"),
        (["research"], [], "research", None),
        (["research"], [], "medical-research", None),
        (["medical-research"], [], "research", "purpose"),
        (["commercial"], [], "research", "purpose"),
        (["*"], [], "advertising", None),
        (["*"], ["commercial"], "advertising", "purpose"),
        (["*"], ["advertising"], "commercial", None),
        (["commercial"], ["advertising"], "advertising", "purpose"),
        (["commercial"], ["advertising"], "customer-support", None),
        (["advertising"], ["commercial"], "advertising", "purpose"),
        (["*"], [], "not-in-the-taxonomy", None),
        (["research"], [], "not-in-the-taxonomy", "purpose"),
    ],
)
def test_purposes(allow, deny, purpose, expected):
    clause = Purposes(frozenset(allow), frozenset(deny))
    assert rule(clause.verify(ask(purpose=purpose))) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, None),
        (NOON, None, None),
        (NOON + HOUR, None, "time"),
        (None, NOON, "time"),
        (None, NOON + HOUR, None),
        (NOON - HOUR, NOON + HOUR, None),
    ],
)
def test_the_window_has_its_start_and_not_its_end(start, end, expected):
    assert rule(TimeWindow(start, end).verify(ask())) == expected


@pytest.mark.parametrize(
    ("regime", "privacy", "mode", "expected"),
    [
        ("measurement", None, "open", None),
        ("measurement", None, "private", "regime"),
        ("measurement", PRIVACY, "private", None),
        ("attribution", None, "open", None),
        ("privacy", PRIVACY, "open", "regime"),
        ("privacy", PRIVACY, "private", None),
    ],
)
def test_modes(regime, privacy, mode, expected):
    assert rule(Modes(regime, privacy).verify(ask(mode=mode))) == expected


def test_an_empty_policy_allows_nobody():
    assert rule(plain.parse({}).verify(ask())) == "consumer"


def test_an_allowed_request_gets_the_limits():
    policy = plain.parse(
        {
            "purposes": {"allow": ["research"]},
            "consumers": {"allow": ["*"]},
            "max_gamma": 0.5,
            "price_micro_usd_per_nat": 7,
            "influence_nats": {"per_answer": 0.0000000019},
        }
    )
    answer = policy.verify(ask())
    assert isinstance(answer, Allow)
    assert answer.limits is not None
    assert (answer.limits.max_gamma, answer.limits.price_micro_usd_per_nat) == (0.5, 7)
    assert answer.limits.per_answer_nano_nats == 1, "a limit is never wider than it was written"


TERMS = st.frozensets(st.sampled_from(sorted(purposes.PURPOSES)), max_size=4)


@given(allow=TERMS, deny=TERMS, purpose=st.sampled_from(sorted(purposes.PURPOSES)))
@settings(deadline=None)
def test_deny_wins_whatever_else_is_allowed(allow, deny, purpose):
    answer = Purposes(allow | {purpose, "*"}, deny).verify(ask(purpose=purpose))
    assert (rule(answer) == "purpose") == bool(deny & set(purposes.lineage(purpose)))


@given(allow=TERMS, deny=TERMS, purpose=st.sampled_from(sorted(purposes.PURPOSES)))
@settings(deadline=None)
def test_what_a_purpose_may_its_children_may_unless_they_are_denied(allow, deny, purpose):
    clause = Purposes(allow, deny)
    for child in purposes.PURPOSES.values():
        if (
            child.parent == purpose
            and child.slug not in deny
            and rule(clause.verify(ask(purpose=purpose))) is None
        ):
            assert rule(clause.verify(ask(purpose=child.slug))) is None


def test_every_parent_in_the_taxonomy_exists_and_no_lineage_turns_in_a_circle():
    for one in purposes.PURPOSES.values():
        line = purposes.lineage(one.slug)
        assert len(line) == len(set(line)) <= 3
        assert all(purposes.known(term) for term in line)
