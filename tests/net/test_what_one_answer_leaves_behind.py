"""An answer that fails in the shared batch leaves nothing that a later answer meets."""

import threading

import pytest
import torch

from inference.net import row_store
from inference.net.ballots import Row
from inference.net.batch import Batch, BatchClosed
from inference.net.decoder import Ballots
from tests.net.makers import make_adapter

SECONDS = 60  # a deadline for threads that must not hang; nothing is measured by it


@pytest.fixture
def batch(tiny_core):
    made = Batch(tiny_core)
    yield made
    made.close()


@pytest.fixture
def rows_of(tiny_core):
    def make(own, *seats):
        return [Row(tiny_core.encode(own)), *(Row(tiny_core.encode(text), one) for text, one in seats)]

    return make


def says_what_it_says_alone(box, core, rows):
    expected = Ballots(core=core, rows=rows, expected_tokens=4)
    pairs = ((box.prefill(), expected.prefill()), (box.step(5), expected.step(5)))
    return all(torch.allclose(found, wanted, atol=2e-4) for found, wanted in pairs)


def out_of_memory(function, *, at):
    """The same function, which finds no memory at its call of this number."""
    calls = []

    def call(*args, **named):
        calls.append(1)
        if len(calls) == at:
            raise MemoryError("no room")
        return function(*args, **named)

    return call


@pytest.mark.parametrize("later_row", [0, 1, 2], ids=["at its own end", "moved by another", "moved further"])
def test_numbers_that_are_not_finite_stay_in_their_own_row(batch, tiny_core, adapters, rows_of, later_row):
    loud = make_adapter(tiny_core, 2, size=1e19)
    broken = batch.open_ballots(rows_of("Who?", *(("Rome. Who? " * 12, loud),) * (1 + later_row)), 8)
    assert not torch.isfinite(broken.prefill()[1:]).all()
    other = batch.open_ballots(rows_of("x", ("y", adapters["opera"])), 8)
    other.prefill()
    broken.close()
    rows = rows_of("Who, when and where? " * 8, ("Hi?", adapters["rome"]), ("Ha?", adapters["opera"]))
    assert says_what_it_says_alone(batch.open_ballots(rows, 4), tiny_core, rows)
    assert torch.isfinite(other.step(5)).all()


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_memory_that_runs_out_while_buffers_grow_fails_the_one_who_joins(
    batch, tiny_core, adapters, rows_of, monkeypatch, at
):
    running = batch.open_ballots(rows_of("Who?", *(("Hi?", adapters["rome"]),) * 3), 8)  # fills the places
    running.prefill()
    with monkeypatch.context() as short:
        short.setattr(row_store, "_grown", out_of_memory(row_store._grown, at=at))
        joining = batch.open_ballots(rows_of("Hm?"), 8)
        with pytest.raises(MemoryError):
            joining.prefill()
        joining.close()
    assert torch.isfinite(running.step(5)).all()
    rows = rows_of("Where?", ("Ho?", adapters["opera"]))
    assert says_what_it_says_alone(batch.open_ballots(rows, 4), tiny_core, rows)


def test_memory_that_runs_out_while_adapters_get_room_fails_the_one_who_joins(
    batch, tiny_core, adapters, rows_of, monkeypatch
):
    running = batch.open_ballots(rows_of("Who?", ("Hi?", adapters["rome"])), 8)
    running.prefill()
    seats = [("Hm?", make_adapter(tiny_core, seed)) for seed in range(20, 24)]  # more than there are slots
    last = list(batch._slots._layers.values())[-1]
    with monkeypatch.context() as short:
        short.setattr(last, "grow", out_of_memory(last.grow, at=1))
        joining = batch.open_ballots(rows_of("Hm?", *seats), 8)
        with pytest.raises(MemoryError):
            joining.prefill()
        joining.close()
    assert torch.isfinite(running.step(5)).all()
    rows = rows_of("Where?", *seats)
    assert says_what_it_says_alone(batch.open_ballots(rows, 4), tiny_core, rows)


@pytest.mark.parametrize("where", ["_store.add", "_prefixes.remember"])
def test_a_row_that_found_no_place_holds_no_adapter(batch, tiny_core, adapters, rows_of, monkeypatch, where):
    part, name = where.split(".")
    owner = getattr(batch, part)
    with monkeypatch.context() as short:
        short.setattr(owner, name, out_of_memory(getattr(owner, name), at=2))
        box = batch.open_ballots(rows_of("Who?", ("Hi?", adapters["rome"])), 8)
        with pytest.raises(MemoryError):
            box.prefill()
        box.close()
    batch.open_ballots(rows_of("x"), 1).prefill()  # by now the one before has left
    assert len(batch._slots) == 0


def test_whoever_waits_is_told_when_the_forward_thread_itself_ends(batch, rows_of, monkeypatch):
    def broken(*_args):
        raise AssertionError("the books of the batch do not agree")

    monkeypatch.setattr(threading, "excepthook", lambda _args: None)  # it is raised there, and logged
    told = []

    def ask(box):
        try:
            box.prefill()
        except BatchClosed as error:
            told.append(error)

    leaving = batch.open_ballots(rows_of("Who?"), 8)
    leaving.prefill()
    monkeypatch.setattr(batch, "_remove", broken)
    leaving.close()
    waiting = threading.Thread(target=ask, args=(batch.open_ballots(rows_of("Hm?"), 8),), daemon=True)
    waiting.start()
    waiting.join(SECONDS)
    assert len(told) == 1
