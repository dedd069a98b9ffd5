"""Uses round up, limits and charges round down, holds round up: eleven charges of B/11 fit into B exactly."""

import re
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounting import budgets
from accounting.check import check
from accounting.maths.units import nano_nats_up
from inference.allowance import HeldAllowance
from marketplace.policy.reader import Reader
from tests.accounting.conftest import NAT, NOW, open_market

ROUNDING = Path(__file__).parents[2] / "docs" / "rounding.md"
whole_budgets = st.integers(11, 10**12)


@pytest.fixture
def back_and_forth(db):
    """Each example on a market of its own."""

    def within(run):
        savepoint = transaction.savepoint()
        try:
            run()
        finally:
            transaction.savepoint_rollback(savepoint)

    return within


@pytest.mark.books
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(budget=whole_budgets)
@example(budget=NAT)
@example(budget=11)
@example(budget=12)
def test_eleven_charges_of_an_eleventh_fit_into_the_budget_exactly(back_and_forth, budget):
    back_and_forth(lambda: eleven_charges(budget))


def eleven_charges(budget: int) -> None:
    market = open_market(limit=budget, money=10**9, owners="a")
    account = market.owners["a"].budget
    measured = nano_nats_up(Fraction(budget, 11 * NAT))
    for number in range(1, 12):
        left = budgets.state(account).left
        assert left is not None
        cap = min(measured, left)
        placed = market.place(market.terms("a", cap_nano_nats=cap, block_nano_nats=measured))
        if not placed.seated:  # of a budget of a few nano-nats ten rounded charges can be all
            assert left == 0
            continue
        market.settle(placed.hold_id, a=(cap, cap))
        state = budgets.state(account)
        assert state.spent == min(number * measured, budget), "rounded up each time, never above the budget"
    assert budgets.state(account) == budgets.BudgetState(budget, budget, 0, 0)
    assert market.place(market.terms("a", cap_nano_nats=1)).refused == ("a",)
    assert check(now=NOW).breaches == ()


@given(budget=whole_budgets)
@example(budget=NAT)
def test_eleven_tokens_of_an_eleventh_are_charged_as_the_whole(budget):
    """Floats are added while the answer runs, and rounded once at its end."""
    allowance = HeldAllowance(max_tokens=11, top_up=lambda *_: False, refused=lambda _: None)
    seat = SimpleNamespace(
        slug="a", cap_nano_nats=budget, block_nano_nats=budget, token_charge_nano_nats=None, group=None
    )
    allowance.seat([seat])  # type: ignore[list-item]
    for _ in range(11):
        allowance.spend("a", budget / NAT / 11)
    assert allowance.spent_nano_nats("a") == budget


@given(nats=st.decimals(0, 10**6, places=12))
def test_a_limit_that_somebody_wrote_is_never_recorded_as_more(nats):
    written = float(nats)
    recorded = Reader({"lifetime": written}, "", []).nano_nats("lifetime")
    assert recorded is not None
    assert recorded <= Fraction(str(written)) * NAT < recorded + 1


def test_floats_would_not_fit():
    """Why the books have none: the same eleven charges, added as floats, pass some budgets."""
    passed = [budget for budget in range(1, 200) if sum([budget / 11] * 11) > budget]
    assert passed


def test_every_place_that_the_table_names_exists():
    named = re.findall(r"`((?:accounting|inference|marketplace)\.[\w.]+)`", ROUNDING.read_text())
    assert len(named) > 10
    for name in named:
        assert exists(name), name


def exists(name: str) -> bool:
    module, _, rest = name.rpartition(".")
    try:
        return hasattr(import_module(module), rest)
    except ModuleNotFoundError:
        module, _, owner = module.rpartition(".")
        return hasattr(getattr(import_module(module), owner), rest)
