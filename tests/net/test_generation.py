"""Token loop: who has a row, what is spent, when a seat leaves, how it ends, that it can be replayed."""

import math
from dataclasses import replace

import pytest
import torch

from inference.net import open_rule
from inference.net.generation import Seat, generate
from inference.net.nudges import Nudges
from inference.net.prompts import PromptTooLong
from inference.net.replay import pinned_rerun, replay
from inference.net.transcript import Transcript


class Purse:
    """An allowance with as much as a test puts in."""

    def __init__(self, **left: float) -> None:
        self.left = dict(left)
        self.spent: dict[str, float] = {}

    def left_nats(self, label: str) -> float:
        return self.left.get(label, math.inf)

    def spend(self, label: str, nats: float) -> None:
        self.left[label] = self.left_nats(label) - nats
        self.spent[label] = self.spent.get(label, 0.0) + nats


def make_seats(core, adapters, **changes):
    seats = [
        Seat("rome", adapters["rome"], core.encode("Rome was built. Who?"), 0.9, 1.0, math.inf),
        Seat("python", adapters["python"], core.encode("A list. Who?"), 0.5, 0.8, math.inf),
        Seat("opera", adapters["opera"], core.encode("Arias. Who?"), 0.3, 1.0, math.inf),
    ]
    return [replace(seat, **changes.get(seat.label, {})) for seat in seats]


def make_answer(core, seats, *, purse=None, **settings):
    given = {"max_tokens": 12, "temperature": 0.8, "seed": 7, **settings}
    given = {name: value for name, value in given.items() if value is not None}
    return generate(
        core=core, core_prompt_ids=core.encode("Who?"), seats=seats, allowance=purse or Purse(), **given
    )


def without_end(core):
    """The random core may draw its end token at once; these tests want full lengths."""
    core.model.generation_config.eos_token_id = []
    return core


@pytest.fixture
def endless(tiny_core):
    kept = tiny_core.model.generation_config.eos_token_id
    yield without_end(tiny_core)
    tiny_core.model.generation_config.eos_token_id = kept


def test_a_gamma_of_zero_is_as_if_the_seat_were_not_there(endless, adapters):
    seats = make_seats(endless, adapters, python={"gamma": 0.0})
    with_it = make_answer(endless, seats)
    steps = list(with_it)
    lone = list(make_answer(endless, [seats[0], seats[2]]))
    assert [step.token_id for step in steps] == [step.token_id for step in lone]
    assert [step.log_probability for step in steps] == [step.log_probability for step in lone]
    assert all(record.seats == (0, 2) for record in with_it.transcript.tokens)
    assert all(step.seats[1].symmetric == 0 for step in steps)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another(endless, adapters):
    seats = make_seats(endless, adapters)
    first, again, other = (
        [step.token_id for step in make_answer(endless, seats, seed=seed)] for seed in (3, 3, 4)
    )
    assert first == again != other


def test_temperature_zero_takes_the_likeliest_token_of_the_vote_at_one(endless, adapters):
    answer = make_answer(endless, make_seats(endless, adapters), temperature=0.0)
    tokens = [step.token_id for step in answer]
    replayed = replay(core=endless, adapters=adapters, transcript=answer.transcript)
    assert tokens == [int(one.vote.log_p.argmax()) for one in replayed]
    assert answer.transcript.rule.vote_temperature == 1.0


def test_replay_equals_the_answer_bit_for_bit_also_after_a_row_left_in_mid_answer(endless, adapters):
    seats = make_seats(endless, adapters, opera={"cap_nats": 3.0})
    answer = make_answer(endless, seats, purse=Purse(python=0.02), max_tokens=16)
    steps = list(answer)
    rows = [record.seats for record in answer.transcript.tokens]
    assert rows[0] == (0, 1, 2)
    assert 1 not in rows[-1]
    assert 0 in rows[-1]
    sealed = Transcript.from_json(answer.transcript.to_json())
    assert sealed == answer.transcript
    again = list(replay(core=endless, adapters=adapters, transcript=sealed))
    assert len(again) == len(steps)
    for step, one in zip(steps, again, strict=True):
        for seat in step.seats:
            got = (one.forward.get(seat.label, 0.0), one.reverse.get(seat.label, 0.0))
            assert got == (seat.forward, seat.reverse)
            assert one.symmetric.get(seat.label, 0.0) == seat.symmetric
            assert one.help_nats.get(seat.label, 0.0) == seat.help_nats


@pytest.mark.parametrize("absent", ["rome", "python", "opera"])
def test_a_pinned_rerun_without_a_source_gives_the_formulas_distribution(endless, adapters, absent):
    seats = make_seats(endless, adapters)
    answer = make_answer(endless, seats)
    list(answer)
    members = torch.tensor([seat.label == absent for seat in seats])
    told = [
        open_rule.without(one.vote, members)
        for one in replay(core=endless, adapters=adapters, transcript=answer.transcript)
    ]
    rerun = pinned_rerun(core=endless, adapters=adapters, transcript=answer.transcript, without=[absent])
    for formula, decoded in zip(told, rerun, strict=True):
        torch.testing.assert_close(decoded, formula.float(), atol=2e-4, rtol=2e-4)


def test_near_duplicates_share_one_seat_and_its_influence(endless, adapters):
    twin = make_seats(endless, adapters)[0]
    pair = [replace(twin, group=1), replace(twin, label="twin", group=1)]
    lone = next(iter(make_answer(endless, [twin])))
    both = next(iter(make_answer(endless, pair)))
    assert sum(seat.symmetric for seat in both.seats) == pytest.approx(lone.seats[0].symmetric, rel=1e-4)
    assert both.log_probability == pytest.approx(lone.log_probability, abs=1e-4)


def test_what_is_measured_never_passes_the_cap_and_is_all_spent_in_the_purse(endless, adapters):
    seats = make_seats(endless, adapters, rome={"cap_nats": 0.7}, python={"cap_nats": 0.1})
    purse = Purse()
    steps = list(make_answer(endless, seats, purse=purse, max_tokens=20))
    for place, seat in enumerate(seats):
        total = sum(step.seats[place].symmetric for step in steps)
        assert total == pytest.approx(purse.spent[seat.label])
        assert total <= seat.cap_nats
    assert any(step.seats[0].limited for step in steps)
    assert all(step.seats[0].gamma_effective <= 1.0 for step in steps)


def test_a_seat_without_any_allowance_is_never_read(endless, adapters):
    answer = make_answer(endless, make_seats(endless, adapters), purse=Purse(rome=0.0))
    list(answer)
    assert all(0 not in record.seats for record in answer.transcript.tokens)


def test_no_seats_at_all_is_the_core_alone(endless):
    steps = list(make_answer(endless, [], temperature=0.0))
    ids = torch.tensor([endless.encode("Who?")])
    with torch.inference_mode():
        expected = int(endless.model(ids).logits[0, -1].argmax())
    assert steps[0].token_id == expected
    assert steps[-1].finish_reason == "length"


def test_an_end_token_ends_the_answer_and_is_not_shown(endless, adapters):
    seats = make_seats(endless, adapters)
    tokens = [step.token_id for step in make_answer(endless, seats)]
    endless.model.generation_config.eos_token_id = tokens[4]
    ended = list(make_answer(endless, seats))
    assert len(ended) == tokens.index(tokens[4]) + 1
    assert ended[-1].finish_reason == "stop"
    shown = "".join(step.text_delta for step in ended)
    assert shown == endless.decode([step.token_id for step in ended[:-1]])


def test_a_stop_string_ends_the_answer_before_itself(endless, adapters):
    seats = make_seats(endless, adapters)
    text = "".join(step.text_delta for step in make_answer(endless, seats, max_tokens=40))
    stop = text[10:13]
    steps = list(make_answer(endless, seats, max_tokens=40, stop=[stop]))
    assert "".join(step.text_delta for step in steps) == text[: text.index(stop)]
    assert steps[-1].finish_reason == "stop"


def test_text_deltas_join_to_the_decoded_answer(endless, adapters):
    steps = list(make_answer(endless, make_seats(endless, adapters), max_tokens=60, temperature=1.5))
    assert "".join(step.text_delta for step in steps) == endless.decode([step.token_id for step in steps])
    assert steps[-1].finish_reason == "length"


def test_private_answers_charge_the_public_price_and_measure_nothing(endless, adapters):
    seats = make_seats(endless, adapters, rome={"eta": 0.5}, python={"eta": 0.2, "relevance": 0.0})[:2]
    answer = make_answer(endless, seats, mode="private", seed=None, max_tokens=6)
    steps = list(answer)
    assert all(record.seats == (0, 1) for record in answer.transcript.tokens)
    for step in steps:
        assert step.log_probability is None
        assert all(seat.symmetric == seat.forward == seat.help_nats == 0 for seat in step.seats)
        assert step.seats[0].charge_nats > step.seats[1].charge_nats > 0
    assert len({step.seats[0].charge_nats for step in steps}) == 1
    with pytest.raises(ValueError, match="not replayed"):
        list(replay(core=endless, adapters=adapters, transcript=answer.transcript))


def test_a_private_seat_leaves_before_a_token_that_its_budget_cannot_pay(endless, adapters):
    seats = make_seats(endless, adapters, rome={"eta": 0.5})[:1]
    charge = next(iter(make_answer(endless, seats, mode="private", seed=None))).seats[0].charge_nats
    purse = Purse(rome=charge * 3.5)
    steps = list(make_answer(endless, seats, mode="private", seed=None, purse=purse, max_tokens=8))
    paid = [step.seats[0].charge_nats for step in steps]
    assert paid == [charge] * 3 + [0.0] * 5


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"top_p": 0.9}, {"seed": 1}, {"nudges": Nudges(presence=1.0)}]
)
def test_private_answers_refuse_what_would_break_their_promise(endless, adapters, wrong):
    with pytest.raises(ValueError, match="sampled"):
        make_answer(endless, [], **{"mode": "private", "seed": None, **wrong})


def test_a_prompt_longer_than_the_core_reads_is_refused_with_numbers(tiny_core):
    with pytest.raises(PromptTooLong) as caught:
        generate(
            core=tiny_core,
            core_prompt_ids=[65] * tiny_core.context_tokens,
            seats=[],
            allowance=Purse(),
            max_tokens=1,
        )
    assert caught.value.tokens == tiny_core.context_tokens
