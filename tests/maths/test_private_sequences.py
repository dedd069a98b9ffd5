"""The promise of private answers, by enumeration: every text of four tokens, with and without the source.

The composition is the one that answers use (private_rule.vote); only the ballots are made up: a function of
the seat and of what was written so far, so that a source's influence on early tokens changes what the others
say later.
"""

from itertools import product

import pytest
import torch

from accounting.maths import renyi
from accounting.maths.units import nano_nats_up
from accounting.maths.zcdp import private_charge_nats
from inference.net import private_rule

VOCABULARY, TOKENS = 3, 4


class StubBallots:
    """Ballots of the core and the seats after a history; loud seats are far beyond any eta."""

    def __init__(self, *, seed: int, seats: int, loudness: float) -> None:
        self.seed, self.seats, self.loudness = seed, seats, loudness

    def after(self, history: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        number = sum((token + 1) * 5**place for place, token in enumerate(history))
        rng = torch.Generator().manual_seed(self.seed * 10_007 + number)
        core = torch.randn(VOCABULARY, generator=rng)  # (V,)
        return core, core + self.loudness * torch.randn(self.seats, VOCABULARY, generator=rng)  # (V,), (S, V)


def sequence_law(stub, weights, etas, temperature=0.8):
    """log p of every text, by the composition itself."""
    law: dict[tuple[int, ...], float] = {(): 0.0}
    for _ in range(TOKENS):
        longer = {}
        for history, so_far in law.items():
            core, ballots = stub.after(history)
            cast = private_rule.vote(
                l0=core,
                ballots=ballots,
                weights=weights,
                etas=etas,
                temperature=temperature,
                top_k=VOCABULARY,
            )
            for token, log_p in zip(cast.support.tolist(), cast.log_p.tolist(), strict=True):
                longer[*history, token] = so_far + log_p
        law = longer
    assert set(law) == set(product(range(VOCABULARY), repeat=TOKENS))
    return [law[text] for text in sorted(law)]


@pytest.mark.parametrize("alpha", [1.5, 2.0, 8.0])
@pytest.mark.parametrize("eta", [0.03, 0.3, 1.5])
@pytest.mark.parametrize("loudness", [0.1, 1.0, 40.0])
def test_a_whole_text_never_reveals_more_than_the_summed_charge(alpha, eta, loudness):
    for seed in range(3):
        stub = StubBallots(seed=seed, seats=3, loudness=loudness)
        weights, etas = torch.tensor([0.9, 0.5, 1.0]).double(), torch.tensor([eta, 0.5, 0.1]).double()
        absent = weights.clone()
        absent[0] = 0
        with_source, without = (sequence_law(stub, each, etas) for each in (weights, absent))
        charge = TOKENS * private_charge_nats(alpha=alpha, eta=eta)
        forward = renyi.divergence(with_source, without, alpha)
        reverse = renyi.divergence(without, with_source, alpha)
        assert max(forward, reverse) <= charge
        assert max(forward, reverse) * 1e9 <= nano_nats_up(charge)


def test_the_worst_source_comes_close_to_its_charge_so_the_test_can_fail():
    """One loud source on its own: the bound is used to a good part, and half of it would be broken."""
    eta, alpha, worst = 1.0, 2.0, 0.0
    for seed in range(25):
        stub = StubBallots(seed=seed, seats=1, loudness=40.0)
        one, none = torch.ones(1).double(), torch.zeros(1).double()
        p, q = (sequence_law(stub, weights, torch.tensor([eta]).double()) for weights in (one, none))
        found = max(renyi.divergence(p, q, alpha), renyi.divergence(q, p, alpha))
        worst = max(worst, found / (TOKENS * private_charge_nats(alpha=alpha, eta=eta)))
    assert 0.5 < worst <= 1


@pytest.mark.parametrize("paid", [1, 2, 3])
def test_a_source_whose_budget_ends_in_mid_text_reveals_no_more_than_the_tokens_that_it_paid_for(paid):
    """It leaves after so many tokens; what it said before still steers what the others say."""
    eta, alpha, worst = 0.8, 2.0, 0.0
    etas = torch.tensor([eta, 0.5]).double()
    for seed in range(12):
        stub = StubBallots(seed=seed, seats=2, loudness=40.0)
        laws = [_law_until(stub, etas, leaves_after=leaves_after) for leaves_after in (paid, 0)]
        charge = paid * private_charge_nats(alpha=alpha, eta=eta)
        staying, gone = laws
        found = max(renyi.divergence(staying, gone, alpha), renyi.divergence(gone, staying, alpha))
        assert found <= charge
        worst = max(worst, found / charge)
    assert worst > 0.3, "a bound that nothing comes near would hide a wrong one"


def _law_until(stub, etas, *, leaves_after):
    """log p of every text; the first seat has no weight after so many tokens."""
    law: dict[tuple[int, ...], float] = {(): 0.0}
    for place in range(TOKENS):
        weights = torch.tensor([1.0 if place < leaves_after else 0.0, 0.7]).double()
        longer = {}
        for history, so_far in law.items():
            core, ballots = stub.after(history)
            cast = private_rule.vote(
                l0=core, ballots=ballots, weights=weights, etas=etas, temperature=0.8, top_k=VOCABULARY
            )
            for token, log_p in zip(cast.support.tolist(), cast.log_p.tolist(), strict=True):
                longer[*history, token] = so_far + log_p
        law = longer
    return [law[text] for text in sorted(law)]
