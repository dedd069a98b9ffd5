"""So far and never above: sums of private charges as zCDP and epsilon, by 60 digits and closed forms."""

from fractions import Fraction
from math import log, sqrt

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.maths import privacy_account as account
from accounting.maths import rdp, zcdp
from accounting.maths.units import nano_nats_up
from tests.maths.vectors import cases

NANO = 10**9
ALPHAS = st.floats(1.01, 64)
SUMS = st.integers(0, 200 * NANO)
DELTAS = st.sampled_from([1e-5, 1e-6, 1e-9, 0.01])


def exact_epsilon(rho: Fraction, delta: float) -> mpmath.mpf:
    """min over alpha of alpha rho + log((a-1)/a) - (log delta + log a)/(a-1), by 60 digits, floored at 0."""
    with mpmath.workdps(60):
        exact = mpmath.mpf(rho.numerator) / rho.denominator

        def at(place):
            order = 1 + mpmath.exp(place)
            loss = order * exact + mpmath.log((order - 1) / order)
            return loss - (mpmath.log(mpmath.mpf(delta)) + mpmath.log(order)) / (order - 1)

        low, high = mpmath.mpf(-14), mpmath.mpf(21)
        golden = (mpmath.sqrt(5) - 1) / 2
        for _ in range(220):
            left, right = high - golden * (high - low), low + golden * (high - low)
            low, high = (low, right) if at(left) <= at(right) else (left, high)
        return max(mpmath.mpf(0), at((low + high) / 2))


@pytest.mark.parametrize("nano_nats", [1, 1_234_567, 1_500_000_000, 40 * NANO])
@pytest.mark.parametrize("alpha", [1.5, 2.0, 8.0])
@pytest.mark.parametrize("delta", [1e-5, 1e-6])
def test_epsilon_is_never_below_sixty_digits_and_hardly_above(nano_nats, alpha, delta):
    told = account.reading(nano_nats=nano_nats, alpha=alpha, deltas=[delta])
    (found,) = told.guarantees
    assert told.nano_zcdp >= Fraction(nano_nats) / Fraction(alpha)
    pairs = ((told.nano_zcdp, found.epsilon), (told.nano_zcdp_if_replaced, found.epsilon_if_replaced))
    for nano_zcdp, epsilon in pairs:
        exact = exact_epsilon(Fraction(nano_zcdp, NANO), delta)
        assert exact <= epsilon <= exact * (1 + 1e-7) + 2e-9


@pytest.mark.parametrize("case", cases("zcdp_to_eps"))
def test_epsilon_is_that_of_the_independent_vectors(case):
    told = account.epsilon_up(round(case["zcdp_rho"] * NANO), case["delta"])
    assert told == pytest.approx(case["eps"], rel=1e-6)


@given(nano_nats=st.integers(1, 100 * NANO), delta=DELTAS)
def test_it_is_never_above_the_closed_form_of_bun_and_steinke(nano_nats, delta):
    told = account.reading(nano_nats=nano_nats, alpha=2, deltas=[delta])
    rho = told.nano_zcdp / NANO
    closed = rho + 2 * sqrt(rho * log(1 / delta))
    assert told.guarantees[0].epsilon <= closed * (1 + 1e-8) + 2e-9


@given(nano_nats=st.integers(1, 100 * NANO), alpha=ALPHAS, delta=DELTAS)
def test_it_is_at_least_as_good_as_the_one_order_of_the_budget(nano_nats, alpha, delta):
    """The ceiling (alpha, B) by itself converts to an epsilon; the whole curve is never worse."""
    told = account.reading(nano_nats=nano_nats, alpha=alpha, deltas=[delta])
    rho = alpha * told.nano_zcdp / NANO
    assert told.guarantees[0].epsilon <= rdp.epsilon(alpha=alpha, rho=rho, delta=delta) * (1 + 1e-8) + 1e-8


@given(nano_nats=SUMS, alpha=ALPHAS)
def test_zcdp_is_rounded_up_by_less_than_one(nano_nats, alpha):
    exact = Fraction(nano_nats) / Fraction(alpha)
    told = account.nano_zcdp_up(nano_nats=nano_nats, alpha=alpha)
    assert exact <= told < exact + 1


@given(sums=st.tuples(SUMS, SUMS), alpha=ALPHAS, delta=DELTAS)
def test_more_charge_is_never_less_of_anything(sums, alpha, delta):
    few, many = (account.reading(nano_nats=one, alpha=alpha, deltas=[delta]) for one in sorted(sums))
    assert few.nano_zcdp <= many.nano_zcdp
    assert few.guarantees[0].epsilon <= many.guarantees[0].epsilon * (1 + 1e-8) + 2e-9
    assert few.guarantees[0].epsilon <= few.guarantees[0].epsilon_if_replaced * (1 + 1e-8) + 2e-9


@given(budget=st.none() | SUMS, so_far=SUMS, alpha=ALPHAS, delta=DELTAS)
def test_the_filter_never_lies_below_the_odometer(budget, so_far, alpha, delta):
    """Also where a budget was lowered below what is spent, or its clause is gone."""
    ceiling = account.never_above(budget_nano_nats=budget, so_far_nano_nats=so_far)
    assert ceiling >= so_far
    assert ceiling >= (budget or 0)
    filter_, odometer = (
        account.reading(nano_nats=one, alpha=alpha, deltas=[delta]) for one in (ceiling, so_far)
    )
    assert filter_.nano_zcdp >= odometer.nano_zcdp
    assert filter_.guarantees[0].epsilon * (1 + 1e-8) + 2e-9 >= odometer.guarantees[0].epsilon


@given(charges=st.lists(st.floats(1e-9, 2), min_size=1, max_size=30), budget=st.integers(1, 30 * NANO))
def test_whatever_the_filter_lets_through_stays_under_it(charges, budget):
    """Integers that were rounded up and refused beyond the budget: the true sum is never above it."""
    so_far, true = 0, Fraction(0)
    for charge in charges:
        if so_far + nano_nats_up(charge) <= budget:
            so_far += nano_nats_up(charge)
            true += Fraction(charge)
    assert true * NANO <= so_far <= budget


def test_eleven_charges_of_an_eleventh_fit_into_a_budget_only_if_they_are_whole_numbers():
    charge = nano_nats_up(Fraction(1, 11))
    assert charge * NANO > NANO * NANO // 11
    left = account.remaining(left_nano_nats=NANO, recent_charges=[charge], largest_charge_nano_nats=charge)
    assert left.answers_at_mean_charge == 10
    fitting = account.remaining(
        left_nano_nats=11 * charge, recent_charges=[], largest_charge_nano_nats=charge
    )
    assert fitting.answers_at_largest_charge == 11


@given(left=SUMS, charges=st.lists(st.integers(1, NANO), max_size=20), largest=st.integers(0, 2 * NANO))
def test_the_answers_that_remain_all_fit_and_one_more_does_not(left, charges, largest):
    told = account.remaining(left_nano_nats=left, recent_charges=charges, largest_charge_nano_nats=largest)
    if largest:
        assert (
            told.answers_at_largest_charge * largest <= left < (told.answers_at_largest_charge + 1) * largest
        )
    if charges:
        assert told.mean_charge_nano_nats is not None
        assert told.answers_at_mean_charge is not None
        assert told.mean_charge_nano_nats * len(charges) >= sum(charges)
        assert told.answers_at_mean_charge * sum(charges) <= left * len(charges)
    else:
        assert told.answers_at_mean_charge is None


def test_nothing_spent_is_nothing_told_and_the_policys_own_delta_is_among_the_stated_ones():
    nothing = account.reading(nano_nats=0, alpha=2, deltas=[1e-5])
    assert (nothing.nano_zcdp, nothing.guarantees[0].epsilon) == (0, 0.0)
    assert account.stated_deltas(None) == (1e-5, 1e-6)
    assert account.stated_deltas(1e-6) == (1e-5, 1e-6)
    assert account.stated_deltas(1e-8) == (1e-5, 1e-6, 1e-8)


@pytest.mark.parametrize("wrong", [{"nano_nats": -1, "alpha": 2.0}, {"nano_nats": 1, "alpha": 1.0}])
def test_what_is_no_charge_is_refused(wrong):
    with pytest.raises(ValueError, match="needed"):
        account.reading(deltas=[1e-5], **wrong)


def test_the_least_epsilon_is_rounded_up_not_to_the_nearest():
    assert account.epsilon_up(750_000_000, 1e-6) > zcdp.epsilon(rho_zcdp=0.75, delta=1e-6)
