"""The building blocks on pools of both kinds: leave-one-out divergences and bounds from one source alone."""

import pytest
import torch

from accounting.maths import renyi as scalar
from inference.net import renyi
from tests.maths.vectors import ballots, cases, logs, number


@pytest.mark.parametrize("case", cases("pools"), ids=lambda case: case["name"])
def test_an_additive_pool_is_measured_by_the_same_reductions(case):
    core, rows = ballots(case)
    pull = torch.tensor(case["w"], dtype=torch.float64)[:, None] * (rows - core)  # (S, V)
    gamma = torch.tensor(case["gamma"], dtype=torch.float64)  # (S,)
    log_p = torch.log_softmax(core + gamma @ pull, 0)  # (V,)
    assert log_p.exp().tolist() == pytest.approx(case["log_linear"]["pooled"], rel=1e-9)
    spread = gamma * (pull.amax(1) - pull.amin(1))
    tilts = renyi.Tilts(pull, torch.zeros_like(core), gamma, torch.zeros_like(gamma))
    for order in ("1.5", "2", "8"):
        found = renyi.both_ways(log_p=log_p, tilts=tilts, spread=spread, alpha=float(order))
        for line in case["log_linear"]["leave_one_out"]:
            source = line["source"]
            assert float(found.forward[source]) == pytest.approx(line["forward"][order], rel=1e-9, abs=1e-12)
            assert float(found.reverse[source]) == pytest.approx(line["reverse"][order], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", cases("pools"), ids=lambda case: case["name"])
def test_bounds_from_one_source_alone_cover_what_it_moved(case):
    for line in case["log_linear"]["leave_one_out"]:
        source = line["source"]
        eta = case["gamma"][source] * case["range_R"][source]
        for order, truth in line["forward"].items():
            bound = scalar.safe_bounded_range(number(order), eta)
            assert max(truth, line["reverse"][order]) <= bound
            expected = case["log_linear_upper_bounds"][source][order]
            assert scalar.bounded_range_sup(number(order), eta) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("case", cases("pools"), ids=lambda case: case["name"])
def test_a_linear_pool_is_measured_by_the_scalar_divergence(case):
    core, rows = (part.exp() for part in ballots(case))
    shares = torch.tensor(case["gamma"], dtype=torch.float64) * torch.tensor(case["w"], dtype=torch.float64)
    for line in case["linear"]["leave_one_out"]:
        others = shares.clone()
        others[line["source"]] = 0
        p, rest = (logs(((1 - part.sum()) * core + part @ rows).tolist()) for part in (shares, others))
        for order, truth in line["forward"].items():
            assert scalar.divergence(p, rest, number(order)) == pytest.approx(truth, rel=1e-9, abs=1e-12)
            assert scalar.divergence(rest, p, number(order)) == pytest.approx(
                line["reverse"][order], rel=1e-9, abs=1e-12
            )
