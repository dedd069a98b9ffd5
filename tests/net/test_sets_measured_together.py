"""Sets of seats removed at once: what an owner's sources, or all voters, moved together."""

import pytest

from accounting.maths.renyi import divergence
from inference.net.replay import pinned_rerun
from tests.net.test_generation import make_answer, make_seats


def test_a_set_of_one_moved_what_leaving_it_out_says(tiny_core, adapters):
    answer = make_answer(tiny_core, make_seats(tiny_core, adapters), sets=[["python"], []])
    for step in answer:
        python = next(seat for seat in step.seats if seat.label == "python")
        assert step.set_nats[0] == pytest.approx(python.symmetric, rel=1e-3, abs=1e-9)
        assert step.set_nats[1] == 0.0


def test_a_set_moved_what_a_pinned_rerun_without_it_says(tiny_core, adapters):
    seats = make_seats(tiny_core, adapters)
    answer = make_answer(tiny_core, seats, sets=[["rome", "opera"]])
    measured = [step.set_nats[0] for step in answer]
    both = {"core": tiny_core, "adapters": adapters, "transcript": answer.transcript}
    whole = pinned_rerun(**both, without=[])
    rest = pinned_rerun(**both, without=["rome", "opera"])
    for nats, log_p, log_q in zip(measured, whole, rest, strict=True):
        with_set, without_set = log_p.double().tolist(), log_q.double().tolist()
        found = max(divergence(with_set, without_set, 2.0), divergence(without_set, with_set, 2.0))
        assert nats == pytest.approx(found, rel=1e-3, abs=1e-6)
