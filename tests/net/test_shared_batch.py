"""Rows of many answers share a pass, and each says what it says alone."""

import threading

import pytest
import torch

from inference.net.ballots import Row
from inference.net.batch import Batch, BatchClosed
from inference.net.decoder import Ballots

WORDS = (
    "Rome. Who was the first?",
    "Gardens. What grows in spring, and why?",
    "Who?",
    "Ships. Where to?",
)


@pytest.fixture
def batch(tiny_core):
    made = Batch(tiny_core)
    yield made
    made.close()


@pytest.fixture
def rows_of(tiny_core, adapters):
    """Rows of one answer: the core's, and one for every source that it names."""

    def make(question, *sources, shared=0):
        seats = [Row(tiny_core.encode(f"{one}. {question}"), adapters[one], shared) for one in sources]
        return [Row(tiny_core.encode(question)), *seats]

    return make


def alone(core, rows, tokens):
    box = Ballots(core=core, rows=rows, expected_tokens=len(tokens) + 1)
    return [box.prefill(), *(box.step(token) for token in tokens)]


def close_to(found, expected):
    return all(torch.allclose(one, other, atol=2e-4) for one, other in zip(found, expected, strict=True))


def test_an_answer_by_itself_says_what_it_says_in_a_batch_of_its_own(batch, tiny_core, rows_of):
    rows, tokens = rows_of(WORDS[0], "rome", "opera"), [3, 7, 65, 90]
    box = batch.open_ballots(rows, 8)
    assert close_to([box.prefill(), *(box.step(token) for token in tokens)], alone(tiny_core, rows, tokens))


def test_answers_that_join_and_leave_do_not_move_each_other(batch, tiny_core, rows_of):
    wanted, found, failures = {}, {}, []

    def run(place):
        try:
            sources = ("rome", "opera")[: 1 + place % 2]
            rows = rows_of(WORDS[place % 4] * (1 + place % 3), *sources)
            tokens = [(place * 31 + step * 7) % 250 for step in range(2 + 3 * place)]
            wanted[place] = (rows, tokens)
            box = batch.open_ballots(rows, 4)
            found[place] = [box.prefill(), *(box.step(token) for token in tokens)]
            box.close()
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(9)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert all(close_to(found[place], alone(tiny_core, *wanted[place])) for place in wanted)
    first = batch.open_ballots(rows_of("x"), 1)
    first.prefill()
    assert batch.rows == 1


def test_a_row_that_leaves_does_not_move_those_that_stay(batch, tiny_core, rows_of):
    rows = rows_of(WORDS[1], "rome", "opera", "rome")
    box, other = batch.open_ballots(rows, 8), batch.open_ballots(rows_of(WORDS[2], "opera"), 8)
    expected = Ballots(core=tiny_core, rows=rows, expected_tokens=8)
    box.prefill(), other.prefill(), expected.prefill()
    box.keep([0, 2, 3])
    expected.keep([0, 2, 3])
    assert torch.allclose(box.step(11), expected.step(11), atol=2e-4)
    box.keep([0, 2])
    expected.keep([0, 2])
    other.close()
    assert torch.allclose(box.step(12), expected.step(12), atol=2e-4)


def test_what_was_read_before_is_not_read_again_and_changes_nothing(batch, tiny_core, rows_of):
    for question in WORDS:
        rows = rows_of(question, "rome", "opera", shared=9)
        box = batch.open_ballots(rows, 4)
        assert close_to([box.prefill(), box.step(5)], alone(tiny_core, rows, [5]))
        box.close()
    assert batch.prefix_bytes > 0


def test_words_of_a_caller_are_never_kept(batch, rows_of):
    box = batch.open_ballots(rows_of(WORDS[1], "rome"), 4)
    box.prefill()
    assert batch.prefix_bytes == 0


def test_a_failure_ends_the_answer_whose_rows_it_was_in_and_no_other(batch, tiny_core, rows_of):
    sound, broken = rows_of(WORDS[0], "rome"), rows_of(WORDS[1], "opera")
    one, two = batch.open_ballots(sound, 8), batch.open_ballots(broken, 8)
    one.prefill(), two.prefill()
    told = {}

    def step(name, box, token):
        try:
            told[name] = box.step(token)
        except Exception as error:  # noqa: BLE001 - what this test is about
            told[name] = error

    threads = [threading.Thread(target=step, args=("sound", one, 5)),
               threading.Thread(target=step, args=("broken", two, 10**6))]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert isinstance(told["broken"], Exception)
    two.close()
    assert close_to([told["sound"], one.step(6)], alone(tiny_core, sound, [5, 6])[1:])


def test_whoever_asks_an_ended_batch_is_told_so(tiny_core, rows_of):
    batch = Batch(tiny_core)
    box = batch.open_ballots(rows_of(WORDS[0]), 2)
    batch.close()
    with pytest.raises(BatchClosed):
        box.prefill()
