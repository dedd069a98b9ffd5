"""Drawing: from the law that was voted, truncated only where asked, the same for the same seed."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.net import drawing


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_tokens_come_as_often_as_their_probability_says():
    log_p = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    rng = generator()
    drawn = torch.tensor([drawing.draw(log_p, generator=rng) for _ in range(4000)])
    shares = torch.bincount(drawn, minlength=4) / 4000
    assert shares.tolist() == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)


def test_the_same_seed_draws_the_same_text():
    log_p = torch.log_softmax(torch.randn(1000, generator=generator(3)), 0)
    texts = []
    for _ in range(2):
        rng = generator(7)
        texts.append([drawing.draw(log_p, generator=rng, top_p=0.9) for _ in range(50)])
    assert texts[0] == texts[1]


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 10_000), top_p=st.floats(0.01, 1))
def test_the_nucleus_is_the_shortest_list_that_reaches_top_p(seed, top_p):
    log_p = torch.log_softmax(torch.randn(3 + seed % 2000, generator=generator(seed)).double() * 3, 0)
    kept = drawing.nucleus(log_p, top_p)
    mass = log_p[kept].exp()
    assert float(mass.sum()) >= top_p - 1e-9
    assert float(mass[:-1].sum()) < top_p
    assert float(log_p[kept].min()) >= float(log_p.sort(descending=True).values[len(kept) - 1])
    assert drawing.draw(log_p, generator=generator(seed), top_p=top_p) in kept.tolist()


def test_a_flat_law_needs_more_than_the_short_list():
    log_p = torch.log_softmax(torch.zeros(5 * drawing.SHORT_LIST), 0)
    assert len(drawing.nucleus(log_p, 0.5)) == pytest.approx(2.5 * drawing.SHORT_LIST, abs=2)


def test_tokens_without_probability_are_never_drawn():
    log_p = torch.tensor([-math.inf, 0.0, -math.inf])
    rng = generator()
    assert {drawing.draw(log_p, generator=rng) for _ in range(200)} == {1}


def test_the_most_likely_token_is_the_first_among_equals():
    assert drawing.most_likely(torch.tensor([0.1, 0.7, 0.7]).log()) == 1


@pytest.mark.parametrize("top_p", [0.0, -1.0, 1.1, math.nan])
def test_a_top_p_that_means_nothing_is_refused(top_p):
    with pytest.raises(ValueError):
        drawing.draw(torch.zeros(3), generator=generator(), top_p=top_p)


def test_a_vote_that_is_no_number_is_an_error_not_a_token():
    with pytest.raises(FloatingPointError):
        drawing.draw(torch.full((3,), math.nan), generator=generator())
