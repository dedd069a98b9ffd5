"""Many at once on one window: never more than its limit, given back once, opened once. Real threads."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from accounting import budgets, check
from accounting.errors import DomainError
from marketplace import pausing, rolling
from marketplace.models import WindowBudget
from tests.booking import NAT, answer, top_up
from tests.builders import live_source

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("named_core", "work_is_noted"),
]
AT_ONCE = 6
START = datetime(2027, 3, 10, 12, 30, tzinfo=UTC)
HOUR = {"per": "hour", "kind": "rolling", "consumers": "all", "nats": 30}


def at_once(act: Callable[[int], object]) -> list[object]:
    """What each thread got: a value, or what refused."""
    start = threading.Barrier(AT_ONCE)
    got: list[object] = [None] * AT_ONCE

    def run(number: int) -> None:
        start.wait()
        try:
            got[number] = act(number)
        except (DomainError, ValueError) as error:
            got[number] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test_answers_at_once_share_one_window_and_never_pass_its_limit(cast):
    top_up(cast.buyer, 1_000_000)
    live_source(cast.owner, influence_nats={"windows": [HOUR]})

    def ask_often(_: int) -> None:
        for _time in range(4):
            answer(cast.buyer, "almanac", 4, now=START)

    at_once(ask_often)
    row = WindowBudget.objects.get()
    assert 20 * NAT <= budgets.state(row.account_id).spent <= 30 * NAT
    assert check.check(now=START).sound


def test_upkeep_and_answers_give_back_once_however_many_look(cast):
    top_up(cast.buyer, 1_000_000)
    live_source(cast.owner, influence_nats={"windows": [HOUR]})
    answer(cast.buyer, "almanac", 9, now=START)
    rolling.roll_due(now=START + timedelta(minutes=1))
    later = START + timedelta(minutes=70)
    got = at_once(lambda _: rolling.roll_due(now=later))
    assert sum(map(int, map(str, got))) == 1
    row = WindowBudget.objects.get()
    assert (row.returned_nano_nats, budgets.state(row.account_id).left) == (9 * NAT, 30 * NAT)


def test_pausing_and_resuming_at_once_ends_in_one_of_both_and_the_account_agrees(cast):
    top_up(cast.buyer, 1_000_000)
    source = live_source(cast.owner, influence_nats={"windows": [HOUR]})
    answer(cast.buyer, "almanac", 9, now=START)
    wish = {"source": source, "budget": "hour-rolling-all", "acting_user": cast.owner.user, "now": START}
    at_once(lambda number: (pausing.pause if number % 2 else pausing.resume)(**wish) and None)
    source.refresh_from_db()
    row = WindowBudget.objects.get()
    assert row.paused == bool(source.paused_budgets)
    assert budgets.state(row.account_id).left == (0 if row.paused else 21 * NAT)
