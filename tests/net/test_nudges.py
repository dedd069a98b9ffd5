"""Penalties and biases: OpenAI's formula on the law that is drawn from, and nothing else."""

import torch

from inference.net.drawing import draw
from inference.net.nudges import Nudges

LOGITS = torch.tensor([1.0, 0.5, -0.25, 2.0], dtype=torch.float64)


def law(temperature=1.0):
    return torch.log_softmax(LOGITS / temperature, 0)


def test_nothing_nudged_is_the_same_tensor():
    log_p = law()
    nudges = Nudges()
    nudges.drawn(3)
    assert nudges.on(log_p, temperature=1.0) is log_p


def test_penalties_and_biases_act_on_the_logits_before_the_temperature():
    nudges = Nudges(frequency=0.3, presence=0.5, bias={1: 2.0, 2: 0.0})
    for token in (3, 3, 0):
        nudges.drawn(token)
    changed = LOGITS + torch.tensor([-0.3 - 0.5, 2.0, 0.0, -0.6 - 0.5], dtype=torch.float64)
    torch.testing.assert_close(nudges.on(law(0.7), temperature=0.7), torch.log_softmax(changed / 0.7, 0))


def test_a_law_that_is_nudged_is_still_a_law_and_the_vote_is_left_as_it_was():
    log_p = law()
    before = log_p.clone()
    nudged = Nudges(bias={0: 100.0}).on(log_p, temperature=1.0)
    torch.testing.assert_close(nudged.exp().sum(), torch.tensor(1.0, dtype=torch.float64))
    assert torch.equal(log_p, before)
    assert draw(nudged, generator=torch.Generator().manual_seed(0), top_p=0.5) == 0


def test_a_token_that_was_forbidden_is_never_drawn():
    nudged = Nudges(bias={3: -100.0}).on(law(), temperature=1.0)
    generator = torch.Generator().manual_seed(1)
    assert 3 not in {draw(nudged, generator=generator) for _ in range(500)}
