"""The scalar mathematics against the vectors of an independent 60-digit method."""

from decimal import Decimal
from fractions import Fraction
from math import fsum, inf

import pytest

from accounting.maths import rdp, renyi, units, zcdp
from tests.maths.vectors import cases, log_softmax, logs, number


@pytest.mark.parametrize("case", cases("renyi_categorical"), ids=lambda case: case["name"])
def test_divergences_of_categoricals_agree_at_every_order(case):
    if "logits_p" in case:
        p, q = log_softmax(case["logits_p"]), log_softmax(case["logits_q"])
    else:
        p, q = logs(case["p"]), logs(case["q"])
    for order in case["forward_D_p_q"]:
        both = renyi.divergence(p, q, number(order)), renyi.divergence(q, p, number(order))
        assert both[0] == pytest.approx(number(case["forward_D_p_q"][order]), rel=1e-9, abs=1e-13)
        assert both[1] == pytest.approx(number(case["reverse_D_q_p"][order]), rel=1e-9, abs=1e-13)
        assert max(both) == pytest.approx(number(case["attribution"][order]), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("case", cases("renyi_alpha_near_one"), ids=lambda case: case["name"])
def test_orders_next_to_one_keep_their_digits(case):
    p, q = log_softmax(case["logits_p"]), log_softmax(case["logits_q"])
    for order, expected in case["D"].items():
        assert renyi.divergence(p, q, float(order)) == pytest.approx(expected, rel=1e-6, abs=2e-15)


@pytest.mark.parametrize(
    "case", cases("bounded_range_sup"), ids=lambda case: f"{case['alpha']}-{case['eta']}"
)
def test_the_tight_bound_agrees_and_the_safe_one_is_never_below(case):
    alpha, eta, expected = number(case["alpha"]), case["eta"], number(case["sup_D_alpha"])
    assert renyi.bounded_range_sup(alpha, eta) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert (
        expected
        <= renyi.safe_bounded_range(alpha, eta)
        <= number(case["simple_bound_min(eta,alpha*eta^2/8)"])
    )


@pytest.mark.parametrize("case", cases("eta_star"), ids=lambda case: f"{case['alpha']}-{case['budget']}")
def test_eta_star_is_never_above_the_truth_and_at_least_the_simple_one(case):
    found = renyi.eta_star(case["budget"], number(case["alpha"]))
    simple = case["eta_simple=max(B,sqrt(8B/alpha))"]
    assert (
        min(number(simple), number(case["eta_star"])) * (1 - 1e-11)
        <= found
        <= number(case["eta_star"]) * (1 + 1e-15)
    )


@pytest.mark.parametrize("case", cases("rdp_to_eps_single_order"))
def test_one_order_converts_to_epsilon(case):
    found = rdp.epsilon(alpha=case["alpha"], rho=case["rho"], delta=case["delta"])
    assert found == pytest.approx(case["eps_canonne_kamath_steinke"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", cases("zcdp_to_eps"))
def test_zcdp_converts_to_the_least_epsilon(case):
    found = zcdp.epsilon(rho_zcdp=case["zcdp_rho"], delta=case["delta"])
    assert found == pytest.approx(case["eps"], rel=1e-7)
    assert found <= case["eps_bun_steinke"]


@pytest.mark.parametrize("case", cases("ledger_rounding"))
def test_usage_rounds_up_and_limits_round_down(case):
    if "charge" in case:
        text = case["charge"]
        assert units.nano_nats_up(Fraction(text) if "/" in text else Decimal(text)) == case["ceil_nano"]
    else:
        text = case["budget"]
        assert units.nano_nats_down(Fraction(text) if "/" in text else Decimal(text)) == case["floor_nano"]


@pytest.mark.parametrize("case", cases("path_sum_is_not_total"))
def test_a_sum_along_a_path_is_not_the_total(case):
    alpha = number(case["alpha"])
    p, q, same = logs([0.9, 0.1]), logs([0.1, 0.9]), logs([0.5, 0.5])
    whole_p = [x - 0.6931471805599453 for x in (*p, *same)]
    whole_q = [x - 0.6931471805599453 for x in (*q, *same)]
    assert renyi.divergence(whole_p, whole_q, alpha) == pytest.approx(case["total"], rel=1e-9)
    assert fsum([renyi.divergence(p, q, alpha)]) == pytest.approx(case["path_sum_branch0"], rel=1e-9)
    assert renyi.divergence(same, same, alpha) == case["path_sum_branch1"] == 0
    assert alpha == inf or case["total"] < case["path_sum_branch0"]
