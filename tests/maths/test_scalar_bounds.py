"""What a bounded log ratio can cause: never below the truth, and honest about bad input."""

from math import exp, inf, isfinite, log, nan

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.maths import rdp, renyi, zcdp

ORDERS = st.floats(1.01, 64)
RANGES = st.floats(1e-6, 40)


def true_supremum(alpha: float, eta: float) -> mpmath.mpf:
    with mpmath.workdps(60):
        order, a = mpmath.mpf(alpha) - 1, mpmath.mpf(alpha)
        far, near = mpmath.expm1(a * mpmath.mpf(eta)), mpmath.expm1(mpmath.mpf(eta))
        point = (far - a * near) / (far * near * order)
        return (mpmath.log1p(point * far) - a * mpmath.log1p(point * near)) / order


def true_kl(eta: float) -> mpmath.mpf:
    with mpmath.workdps(60):
        ratio = mpmath.mpf(eta) / mpmath.expm1(mpmath.mpf(eta))
        return ratio - 1 - mpmath.log(ratio)


@settings(deadline=None, max_examples=300)
@given(alpha=ORDERS, eta=RANGES)
def test_the_safe_bound_is_never_below_the_true_supremum(alpha, eta):
    safe = renyi.safe_bounded_range(alpha, eta)
    assert true_supremum(alpha, eta) <= safe
    assert safe <= renyi.simple_bound(alpha, eta)


@settings(deadline=None, max_examples=300)
@given(eta=st.floats(1e-12, 2000))
def test_the_private_charge_is_never_below_its_60_digit_value_and_close_above(eta):
    found = renyi.kl_bounded_range(eta)
    truth = true_kl(eta)
    assert truth <= found
    assert found == pytest.approx(float(truth), rel=2e-8)
    assert found <= eta * eta / 8 * (1 + 1e-9)


def test_no_range_costs_nothing_and_the_smallest_range_costs_something():
    assert renyi.kl_bounded_range(0) == renyi.safe_bounded_range(2, 0) == 0
    assert 0 < renyi.kl_bounded_range(5e-324) <= renyi.kl_bounded_range(1e-160)
    assert renyi.kl_bounded_range(inf) == inf


@settings(deadline=None, max_examples=200)
@given(alpha=ORDERS, eta=RANGES)
def test_alpha_times_the_charge_covers_every_order_up_to_alpha(alpha, eta):
    assert true_supremum(alpha, eta) <= zcdp.private_charge_nats(alpha=alpha, eta=eta) * (1 + 1e-12)


@settings(deadline=None, max_examples=200)
@given(alpha=ORDERS, budget=st.floats(1e-9, 20))
def test_eta_star_stays_within_the_budget_and_uses_what_the_simple_bound_allows(alpha, budget):
    found = renyi.eta_star(budget, alpha)
    assert true_supremum(alpha, found) <= budget
    assert found >= max(budget, (8 * budget / alpha) ** 0.5) * (1 - 1e-11)


@settings(deadline=None, max_examples=100)
@given(
    p=st.lists(st.floats(-30, 5), min_size=2, max_size=12),
    q=st.lists(st.floats(-30, 5), min_size=12, max_size=12),
    alpha=st.floats(1.0000001, 40),
)
def test_divergences_agree_with_60_digits(p, q, alpha):
    with mpmath.workdps(60):
        laws = []
        for logits in (p, q[: len(p)]):
            total = mpmath.log(mpmath.fsum(mpmath.exp(x) for x in logits))
            laws.append([mpmath.mpf(x) - total for x in logits])
        order = mpmath.mpf(alpha) - 1
        terms = (mpmath.exp(lp + order * (lp - lq)) for lp, lq in zip(*laws, strict=True))
        truth = mpmath.log(mpmath.fsum(terms)) / order
    log_p, log_q = ([float(x) for x in law] for law in laws)
    found = renyi.divergence(log_p, log_q, alpha)
    assert found == pytest.approx(float(truth), rel=1e-6, abs=1e-9 if alpha < 1.01 else 1e-12)


@given(
    alphas=st.tuples(st.floats(1, 50), st.floats(1, 50)),
    heads=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)),
)
def test_a_higher_order_never_measures_less(alphas, heads):
    p, q = ([log(head), log(1 - head)] for head in heads)
    low, high = (renyi.divergence(p, q, alpha) for alpha in sorted(alphas))
    assert low <= high + 1e-9
    assert high <= renyi.divergence(p, q, inf) + 1e-9


@given(rho=st.floats(1e-6, 20), delta=st.floats(1e-12, 0.5), alpha=st.floats(1.001, 1e4))
def test_no_single_order_promises_more_than_the_least_epsilon(rho, delta, alpha):
    least = zcdp.epsilon(rho_zcdp=rho, delta=delta)
    assert least <= rdp.epsilon(alpha=alpha, rho=alpha * rho, delta=delta) * (1 + 1e-9) + 1e-9


def test_more_charge_is_never_less_epsilon_and_nothing_spent_is_nothing_promised_away():
    grown = [zcdp.epsilon(rho_zcdp=rho, delta=1e-6) for rho in (0.0, 0.001, 0.01, 0.1, 1.0, 10.0)]
    assert grown[0] == 0
    assert grown == sorted(grown)
    assert zcdp.epsilon(rho_zcdp=inf, delta=1e-6) == inf


def test_two_point_laws_reach_the_tight_bound():
    alpha, eta = 2.0, 1.0
    far, near = exp(alpha * eta) - 1, exp(eta) - 1
    high = (far - alpha * near) / (far * near * (alpha - 1))  # q of the worst pair
    norm = 1 + high * near
    p, q = [log(high * exp(eta) / norm), log((1 - high) / norm)], [log(high), log(1 - high)]
    assert renyi.divergence(p, q, alpha) == pytest.approx(renyi.bounded_range_sup(alpha, eta), rel=1e-12)


@pytest.mark.parametrize("eta", [1e3, 1e5, 1e300, inf])
def test_huge_ranges_give_numbers_not_overflows(eta):
    for alpha in (1, 1.5, 2, 64):
        assert 0 < renyi.bounded_range_sup(alpha, eta) <= eta
        assert not isfinite(eta) or isfinite(renyi.safe_bounded_range(alpha, eta))


@pytest.mark.parametrize(
    "call",
    [
        lambda: renyi.safe_bounded_range(2, nan),
        lambda: renyi.safe_bounded_range(2, -1),
        lambda: renyi.safe_bounded_range(0.5, 1),
        lambda: renyi.kl_bounded_range(-0.1),
        lambda: renyi.eta_star(-1, 2),
        lambda: renyi.eta_star(nan, 2),
        lambda: renyi.divergence([0.0], [0.0, 0.0], 2),
        lambda: renyi.divergence([nan], [0.0], 2),
        lambda: renyi.divergence([0.0], [0.0], 0.9),
        lambda: zcdp.private_charge_nats(alpha=1, eta=0.1),
        lambda: zcdp.epsilon(rho_zcdp=nan, delta=1e-6),
        lambda: rdp.epsilon(alpha=2, rho=0.1, delta=0),
        lambda: rdp.epsilon(alpha=1, rho=0.1, delta=1e-6),
        lambda: rdp.epsilon(alpha=2, rho=-0.1, delta=1e-6),
    ],
)
def test_what_is_not_a_number_or_out_of_range_is_refused(call):
    with pytest.raises(ValueError):
        call()
