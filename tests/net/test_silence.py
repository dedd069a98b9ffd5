"""A silenced token is not pushed, whatever its ballot says of it, and the numbers stay those of one vote."""

import math

import pytest
import torch

from accounting.maths.zcdp import private_charge_nats
from inference.net import caps, open_rule, private_rule
from inference.net.silence import EVERYTHING

V = 40


def ballots(seed, rows=1, size=6.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1 + rows, V, generator=generator) * size


def vote(logits, silences, *, weight=0.9, clip=20.0, temperature=1.0):
    return open_rule.vote_in(
        open_rule.pool(
            l0=logits[0],
            ballots=logits[1:],
            r0=0.25,
            temperature=temperature,
            clip=clip,
            silences=silences,
        ),
        torch.full((len(logits) - 1,), weight),
    )


@pytest.mark.parametrize("clip", [3.0, 20.0, math.inf])
@pytest.mark.parametrize("seed", range(20))
def test_no_silenced_token_becomes_likelier_than_in_the_cores_own_vote(seed, clip):
    logits = ballots(seed)
    silence = tuple(sorted(torch.randperm(V, generator=torch.Generator().manual_seed(seed))[:7].tolist()))
    core = torch.log_softmax(logits[0], 0)
    for weight in (0.01, 0.2, 0.9):
        log_p = vote(logits, [silence], weight=weight, clip=clip).log_p
        assert (log_p[list(silence)] <= core[list(silence)] + 1e-5).all()


@pytest.mark.parametrize("wish", [50.0, -50.0, math.inf, math.nan])
def test_what_the_ballot_says_of_a_silenced_token_changes_nothing(wish):
    logits = ballots(1)
    before = vote(logits, [(3, 8)]).log_p
    logits[1, 3] = wish
    after = vote(logits, [(3, 8)]).log_p
    torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)


def test_a_ballot_that_puts_all_on_a_silenced_token_moves_it_not_at_all():
    logits = torch.zeros(2, V)
    logits[1, 5] = 30.0
    pushed = vote(logits, [()]).log_p[5]
    silent = vote(logits, [(5,)]).log_p[5]
    assert pushed > -1.0
    assert silent == pytest.approx(-math.log(V), abs=1e-5)


def test_a_source_that_is_silent_on_everything_moves_nothing():
    logits = ballots(2)
    torch.testing.assert_close(vote(logits, [EVERYTHING]).log_p, torch.log_softmax(logits[0], 0))


def test_where_the_core_says_nothing_else_the_vote_stays_a_number():
    logits = ballots(3)
    logits[0] = -400.0
    logits[0, 5] = 400.0
    assert torch.isfinite(vote(logits, [(5,)]).log_p).all()


def test_silence_of_one_source_leaves_the_others_ballots_bit_for_bit():
    logits = ballots(4, rows=3)
    given = [(), (1, 2), ()]
    plain, silent = vote(logits, ()).pool.delta, vote(logits, given).pool.delta
    assert torch.equal(plain[[0, 2]], silent[[0, 2]])


def test_leave_one_out_and_caps_hold_as_for_any_ballot():
    logits = ballots(5, rows=3)
    silences = [(0, 4), (), (7,)]
    wanted = torch.tensor([0.9, 0.0, 0.6], dtype=torch.float64)
    capped = caps.weights_within(
        l0=logits[0], ballots=logits[1:], wanted=wanted,
        allowances=torch.tensor([0.1, 1.0, 0.2], dtype=torch.float64),
        r0=0.25, temperature=1.0, clip=20.0, alpha=2.0, silences=silences,
    )  # fmt: skip
    assert (capped.symmetric <= torch.tensor([0.1, 1.0, 0.2])).all()
    voting = [0, 2]
    cast = open_rule.vote_in(
        open_rule.pool(
            l0=logits[0], ballots=logits[1:][voting], r0=0.25, temperature=1.0, clip=20.0,
            silences=[silences[row] for row in voting],
        ),
        capped.weights[voting],
    )  # fmt: skip
    without = open_rule.without(cast, torch.tensor([True, False]))
    p, q = cast.log_p.double(), without.double()
    forward = torch.logsumexp(2 * p - q, 0)
    assert float(capped.forward[0]) == pytest.approx(float(forward), rel=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_in_private_answers_a_silenced_token_gets_nothing_and_the_charge_still_covers_all(seed):
    logits = ballots(seed, rows=1, size=4.0)
    eta = 0.4

    def law(rows, silences):
        return private_rule.vote(
            l0=logits[0], ballots=rows, weights=torch.ones(len(rows)), etas=torch.full((len(rows),), eta),
            temperature=0.7, top_k=20, silences=silences,
        )  # fmt: skip

    alone, without = law(logits[1:], [()]), law(logits[1:][:0], ())
    silenced = alone.support[:6]
    silent = law(logits[1:], [tuple(silenced.tolist())])
    assert torch.equal(silent.support, without.support)
    assert (silent.log_p[:6] <= without.log_p[:6] + 1e-12).all()
    for p, q in ((silent.log_p, without.log_p), (without.log_p, silent.log_p)):
        assert float(torch.logsumexp(2 * p - q, 0)) <= private_charge_nats(alpha=2.0, eta=eta)
