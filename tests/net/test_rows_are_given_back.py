"""However an answer ends, its rows are given back."""

import math

import pytest
import torch

from inference.net.decoder import Ballots
from inference.net.generation import Seat, generate
from tests.net.test_generation import Purse


class Counted(Ballots):
    """Rows that fail at a step, if they are told to, and count how often they were closed."""

    fails_at: int | None = None
    closed = 0
    steps = 0

    def step(self, token_id: int) -> torch.Tensor:
        self.steps += 1
        if self.steps == self.fails_at:
            raise MemoryError("no room for another column")
        return super().step(token_id)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def opened(tiny_core, adapters):
    """A function that starts an answer and gives (answer, rows that it will open)."""

    def begin(fails_at=None, max_tokens=5):
        boxes: list[Counted] = []

        def ballots(rows, expected_tokens):
            boxes.append(Counted(core=tiny_core, rows=rows, expected_tokens=expected_tokens))
            boxes[-1].fails_at = fails_at
            return boxes[-1]

        seats = [Seat("rome", adapters["rome"], tiny_core.encode("Rome. Who?"), 0.9, 1.0, math.inf)]
        ids = tiny_core.encode("Who?")
        answer = generate(
            core=tiny_core, core_prompt_ids=ids, seats=seats, allowance=Purse(), max_tokens=max_tokens,
            seed=7, ballots=ballots,
        )  # fmt: skip
        return answer, boxes

    return begin


def test_an_answer_that_ends(opened):
    answer, boxes = opened()
    list(answer)
    assert [box.closed for box in boxes] == [1]


def test_an_answer_that_fails_in_the_middle(opened):
    answer, boxes = opened(fails_at=2, max_tokens=64)
    with pytest.raises(MemoryError):
        list(answer)
    assert [box.closed for box in boxes] == [1]


def test_an_answer_whose_iterator_is_abandoned(opened):
    answer, boxes = opened()
    steps = iter(answer)
    next(steps)
    assert boxes[0].closed == 0
    del steps
    assert boxes[0].closed == 1


def test_an_answer_that_is_closed_before_and_after_its_end(opened):
    answer, boxes = opened()
    answer.close()
    list(answer)
    answer.close()
    assert [box.closed for box in boxes] == [1]
