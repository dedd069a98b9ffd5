"""Rolling windows against brute force: no stretch of the window's length ever sees more than the limit."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting import budgets, check, settlement
from accounting.models import Transfer
from marketplace import rolling
from marketplace.admission import admit
from marketplace.models import Source, WindowBudget
from tests.booking import NAT, answer, hold, top_up
from tests.builders import live_source, publish

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

START = datetime(2027, 3, 10, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LIMIT = 20
numbers = itertools.count()


def offer(cast, nats=LIMIT, consumers="all", slug="almanac") -> Source:
    top_up(cast.buyer, 10**9)
    windows = [{"per": "hour", "kind": "rolling", "consumers": consumers, "nats": nats}]
    return live_source(cast.owner, slug, influence_nats={"windows": windows})


def left(cast, now, slug="almanac") -> int:
    admission = admit(consumer=cast.buyer.organisation, purpose="research", mode="open", now=now, only=[slug])
    return sum(one.left_nano_nats or 0 for one in admission.admitted) // NAT


def test_what_is_spent_comes_back_when_it_is_older_than_the_window_and_not_before(cast):
    source = offer(cast)
    answer(cast.buyer, "almanac", 9, now=START)
    for minutes in range(1, 60):
        rolling.roll_due(now=START + minutes * MINUTE)
        assert left(cast, START + minutes * MINUTE) == 11
    assert left(cast, START + HOUR) == 11
    later = START + HOUR + 3 * MINUTE
    assert left(cast, later) == 20
    rolling.roll_due(now=later)
    row = WindowBudget.objects.get(source=source)
    given = Transfer.objects.get(credit_account_id=row.account_id, label="window")
    assert (given.amount, row.returned_nano_nats) == (9 * NAT, 9 * NAT)
    assert budgets.state(source.budget_account_id).spent == 9 * NAT


def test_giving_back_twice_gives_back_once(cast):
    source = offer(cast)
    answer(cast.buyer, "almanac", 9, now=START)
    rolling.roll_due(now=START + MINUTE)
    stale = WindowBudget.objects.get(source=source)
    later = START + 2 * HOUR
    assert rolling.roll(row=WindowBudget.objects.get(source=source), now=later)
    assert not rolling.roll(row=stale, now=later)
    assert rolling.roll_due(now=later) == 0
    assert budgets.state(stale.account_id).left == LIMIT * NAT


def test_a_window_that_nobody_uses_costs_upkeep_nothing(cast):
    offer(cast)
    answer(cast.buyer, "almanac", 9, now=START)
    looks = [rolling.roll_due(now=START + minutes * MINUTE) for minutes in range(1, 400)]
    assert looks[-1] == 0
    assert sum(looks) < 220
    row = WindowBudget.objects.get()
    assert (row.next_roll_at, row.marks) == (None, [])


def test_marks_do_not_pile_up(cast):
    offer(cast, nats=10_000)
    for minutes in range(0, 200, 2):
        answer(cast.buyer, "almanac", 1, now=START + minutes * MINUTE)
    assert 20 < len(WindowBudget.objects.get().marks) < 70


def test_a_limit_changed_while_nats_come_back_is_the_limit_of_what_is_in_the_window(cast):
    source = offer(cast)
    answer(cast.buyer, "almanac", 9, now=START)
    rolling.roll_due(now=START + MINUTE)
    windows = [{"per": "hour", "kind": "rolling", "consumers": "all", "nats": 5}]
    publish(cast.owner, source, influence_nats={"windows": windows})
    assert left(cast, START + 2 * MINUTE) == 0
    later = START + HOUR + 3 * MINUTE
    rolling.roll_due(now=later)
    row = WindowBudget.objects.get(source=source)
    assert left(cast, later) == 5
    assert budgets.state(row.account_id).left == 5 * NAT


@dataclass
class Oracle:
    """Every answer by hand: from its hold to its settlement its whole hold counts, then what it spent."""

    slug: str
    open: dict[UUID, tuple[datetime, int]] = field(default_factory=dict)
    spent: list[tuple[datetime, int]] = field(default_factory=list)

    def most_in_any_hour(self) -> int:
        return max((self.within(end) for end, _ in self.spent), default=0)

    def within(self, end: datetime, length: timedelta = HOUR) -> int:
        return sum(nats for at, nats in self.spent if end - length < at <= end)

    def held(self) -> int:
        return sum(nats for _, nats in self.open.values())


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["begin", "begin", "end", "upkeep"]),
        st.integers(0, 40),  # minutes until then
        st.integers(1, 12),  # nats
    ),
    min_size=3,
    max_size=14,
)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_no_hour_ever_sees_more_than_the_limit_and_nothing_is_kept_back_for_long(cast, steps):
    slug = f"source-{next(numbers)}"
    offer(cast, slug=slug)
    oracle, now = Oracle(slug), START
    for what, minutes, nats in steps:
        now += minutes * MINUTE
        step(cast, oracle, what, nats, now)
        allowed = LIMIT - oracle.within(now) - oracle.held()
        assert 0 <= left(cast, now, slug) <= max(allowed, 0)
        assert oracle.most_in_any_hour() <= LIMIT
        assert oracle.within(now) + oracle.held() <= LIMIT
    for begun in list(oracle.open):
        end(oracle, begun, 1, now)
    rolling.roll_due(now=now + MINUTE)
    assert left(cast, now + HOUR + 3 * MINUTE, slug) == LIMIT
    assert check.check(now=now).sound


def step(cast, oracle, what, nats, now) -> None:
    if what == "begin" and left(cast, now, oracle.slug) >= nats:
        begun = hold(cast.buyer, oracle.slug, now=now, cap=nats)
        oracle.open[begun] = (now, nats)
    elif what == "end" and oracle.open:
        end(oracle, next(iter(oracle.open)), nats, now)
    elif what == "upkeep":
        rolling.roll_due(now=now)


def end(oracle, begun, nats, now) -> None:
    _, held = oracle.open.pop(begun)
    used = min(nats, held)
    usage = [settlement.Usage(oracle.slug, drawn_nano_nats=used * NAT, charged_nano_nats=used * NAT)]
    settlement.settle(
        hold_id=begun, usage=usage, tokens_drawn=9, tokens_delivered=9, receipt=lambda _: {}, now=now
    )
    oracle.spent.append((now, used))
