"""The open and the private rule against the vectors of an independent 60-digit method."""

import math

import pytest
import torch

from accounting.maths import renyi as scalar
from accounting.maths.zcdp import private_charge_nats
from inference.net import open_rule, private_rule
from tests.maths.vectors import ballots, cases, number

ORDERS = (1.5, 2.0, 8.0)
PRECISION = {torch.float64: 1e-9, torch.float32: 2e-5}


def cast_of(case, dtype=torch.float64):
    core, rows = ballots(case, dtype)
    weights = torch.tensor(case["r"], dtype=torch.float64) * torch.tensor(case["gamma"], dtype=torch.float64)
    return open_rule.vote(
        l0=core, ballots=rows, weights=weights, r0=case["r0"], temperature=case["T"], clip=math.inf
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("case", cases("open_rule"), ids=lambda case: case["name"])
def test_the_vote_and_what_each_source_moved_agree(case, dtype):
    cast, near = cast_of(case, dtype), PRECISION[dtype]
    assert cast.log_p.exp().tolist() == pytest.approx(case["pooled"], rel=near, abs=1e-12)
    for order in ORDERS:
        found, bound = open_rule.leave_one_out(cast, alpha=order), open_rule.bound(cast, alpha=order)
        for line in case["leave_one_out"]:
            source, key = line["source"], f"{order:g}"
            assert float(found.forward[source]) == pytest.approx(line["forward"][key], rel=near, abs=1e-12)
            assert float(found.reverse[source]) == pytest.approx(line["reverse"][key], rel=near, abs=1e-12)
            assert float(found.symmetric[source]) == pytest.approx(
                line["symmetric"][key], rel=near, abs=1e-12
            )
            assert float(bound.share[source]) == pytest.approx(line["t"], rel=near)
            assert float(bound.nats[source]) == pytest.approx(line["bound"][key], rel=near, abs=1e-12)


@pytest.mark.parametrize("case", cases("open_rule"), ids=lambda case: case["name"])
def test_the_vote_without_a_source_has_the_divergence_at_order_one_and_infinity(case):
    cast = cast_of(case)
    for line in case["leave_one_out"]:
        members = torch.zeros(cast.seats, dtype=torch.bool)
        members[line["source"]] = True
        p, rest = cast.log_p.tolist(), open_rule.without(cast, members).tolist()
        for order in ("1", "inf"):
            assert scalar.divergence(p, rest, number(order)) == pytest.approx(
                line["forward"][order], rel=1e-9, abs=1e-12
            )
            assert scalar.divergence(rest, p, number(order)) == pytest.approx(
                line["reverse"][order], rel=1e-9, abs=1e-12
            )


@pytest.mark.parametrize(
    "case", [case for case in cases("open_rule") if "group_out" in case], ids=lambda case: case["name"]
)
def test_a_set_removed_at_once_agrees(case):
    cast = cast_of(case)
    members = torch.zeros(cast.seats, dtype=torch.bool)
    members[case["group_out"]["sources"]] = True
    for order in ORDERS:
        found = open_rule.leave_set_out(cast, members, alpha=order)
        assert float(found.symmetric) == pytest.approx(case["group_out"]["symmetric"][f"{order:g}"], rel=1e-9)


@pytest.mark.parametrize("case", cases("private_clamp"), ids=lambda case: case["name"])
def test_the_private_rule_its_charge_and_its_true_attribution_agree(case):
    core, rows = ballots(case)
    weights = torch.tensor(case["w"], dtype=torch.float64)
    common = {"temperature": case["T"], "top_k": len(core)}
    etas = torch.full_like(weights, case["eta"])
    cast = private_rule.vote(l0=core, ballots=rows, weights=weights, etas=etas, **common)
    assert cast.log_p.exp().tolist() == pytest.approx(case["pooled"], rel=1e-9)
    for row, expected in enumerate(case["x"]):
        moved = private_rule.moves(
            core=core,
            ballot=rows[row],
            law=core,
            weight=case["w"][row],
            eta=case["eta"],
            temperature=case["T"],
        )
        assert moved.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    charge = private_charge_nats(alpha=case["alpha"], eta=case["eta"])
    assert charge == pytest.approx(case["charge_nats"], rel=1e-9)
    assert charge / case["alpha"] == pytest.approx(case["zcdp"], rel=1e-9)
    for line in case["leave_one_out"]:
        gone = weights.clone()
        gone[line["source"]] = 0
        rest = private_rule.vote(l0=core, ballots=rows, weights=gone, etas=etas, **common)
        p, q = cast.log_p.tolist(), rest.log_p.tolist()
        true = max(scalar.divergence(p, q, case["alpha"]), scalar.divergence(q, p, case["alpha"]))
        assert true == pytest.approx(line["attribution"], rel=1e-9, abs=1e-12)
        assert true <= charge
