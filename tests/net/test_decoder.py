"""Rows of one batch say exactly what they would say alone."""

import pytest
import torch

from inference.net.ballots import Row
from inference.net.core import adaptable_linears
from inference.net.decoder import Ballots
from inference.net.lora import Lanes, seat_adapters

FORCED = [72, 101, 108, 108, 111, 44, 32, 119]


def alone(core, row, tokens):
    """Logits after each token, an independent way: the adapter merged into the plain model's weights."""
    tree = core.voting_tree()
    for name, linear in adaptable_linears(tree).items():
        if row.adapter is not None:
            merged = torch.nn.Linear(linear.in_features, linear.out_features, bias=False)
            merged.weight.data = linear.weight + (row.adapter.down[name] @ row.adapter.up[name]).T
            parent, _, child = name.rpartition(".")
            setattr(tree.get_submodule(parent), child, merged)
    ids = torch.tensor([[*row.prompt_ids, *tokens]])
    with torch.inference_mode():
        return tree(ids).logits[0, len(row.prompt_ids) - 1 :]  # (tokens + 1, vocabulary)


def make_rows(core, adapters):
    return [
        Row(core.encode("Who?")),
        Row(core.encode("Some passages about Rome, and then: Who?"), adapters["rome"]),
        Row(core.encode("Short: Who?"), adapters["python"]),
        Row(core.encode("No adapter but a passage: Who?")),
        Row(core.encode("x" * 300), adapters["opera"]),
    ]


def run(core, rows):
    ballots = Ballots(core=core, rows=rows, expected_tokens=2)
    return torch.stack(
        [ballots.prefill(), *(ballots.step(token) for token in FORCED)], 1
    )  # (rows, tokens + 1, V)


def test_batched_rows_with_own_prompts_and_adapters_equal_one_by_one_forwards(tiny_core, adapters):
    rows = make_rows(tiny_core, adapters)
    together = run(tiny_core, rows)
    for index, row in enumerate(rows):
        torch.testing.assert_close(together[index], alone(tiny_core, row, FORCED), atol=1e-4, rtol=1e-4)


def test_an_adapter_changes_its_own_row_only(tiny_core, adapters):
    rows = make_rows(tiny_core, adapters)
    without = [Row(row.prompt_ids) for row in rows]
    changed = (run(tiny_core, rows) - run(tiny_core, without)).abs().amax(dim=(1, 2))
    assert changed[0] == 0
    assert changed[3] == 0
    assert changed[[1, 2, 4]].min() > 0.1


def test_the_same_calls_give_the_same_bits(tiny_core, adapters):
    rows = make_rows(tiny_core, adapters)
    assert torch.equal(run(tiny_core, rows), run(tiny_core, rows))


def test_the_core_itself_is_never_touched(tiny_core, adapters):
    before = {name: weight.clone() for name, weight in tiny_core.model.state_dict().items()}
    run(tiny_core, make_rows(tiny_core, adapters))
    assert all(torch.equal(weight, before[name]) for name, weight in tiny_core.model.state_dict().items())
    assert all(type(module).__name__ != "VotingLinear" for module in tiny_core.model.modules())


def test_rows_dropped_in_mid_answer_leave_the_others_as_they_were(tiny_core, adapters):
    rows = make_rows(tiny_core, adapters)
    ballots = Ballots(core=tiny_core, rows=rows, expected_tokens=2)
    ballots.prefill()
    for token in FORCED[:4]:
        ballots.step(token)
    ballots.keep([0, 2, 4])
    after = torch.stack([ballots.step(token) for token in FORCED[4:]], 1)
    assert ballots.rows == 3
    for place, index in enumerate([0, 2, 4]):
        expected = alone(tiny_core, rows[index], FORCED)[5:]
        torch.testing.assert_close(after[place], expected, atol=1e-4, rtol=1e-4)


def test_the_core_can_be_left_alone(tiny_core, adapters):
    ballots = Ballots(core=tiny_core, rows=make_rows(tiny_core, adapters))
    ballots.prefill()
    ballots.keep([0])
    assert ballots.step(65).shape == (1, tiny_core.vocabulary)


def test_buffers_grow_past_what_was_expected(tiny_core, adapters):
    rows = make_rows(tiny_core, adapters)[:2]
    ballots = Ballots(core=tiny_core, rows=rows, expected_tokens=1)
    ballots.prefill()
    tokens = [65 + index % 26 for index in range(600)]
    for token in tokens:
        last = ballots.step(token)
    torch.testing.assert_close(last[1], alone(tiny_core, rows[1], tokens)[-1], atol=2e-4, rtol=2e-4)


def test_rows_that_make_no_batch_are_refused(tiny_core, adapters):
    with pytest.raises(ValueError, match="core's own"):
        Ballots(core=tiny_core, rows=[Row([1], adapters["rome"])])
    with pytest.raises(ValueError, match="at least one token"):
        Ballots(core=tiny_core, rows=[Row([])])
    ballots = Ballots(core=tiny_core, rows=make_rows(tiny_core, adapters))
    with pytest.raises(ValueError, match="ascending"):
        ballots.keep([2, 0])


def test_no_adapters_at_all_wrap_nothing(tiny_core):
    assert seat_adapters(tiny_core.voting_tree(), [None, None], Lanes()) == []
