"""The shared-influence line: exact, signed, worded once, absent where nothing was measured."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting import shared_influence, words


@given(st.floats(-1e6, 1e6))
def test_it_is_exact_to_the_nano_nat_and_zero_has_no_sign(nats):
    exact = shared_influence.exact(nats)
    assert abs(exact - nats) <= 0.5e-9 + 1e-15 * abs(nats)
    assert "-0.0" not in json.dumps(exact) or exact < 0
    body = {"shared_nats": exact}
    assert shared_influence.nano_nats_of(body) == round(nats * 10**9)


@pytest.mark.parametrize("noise", [-0.0, -4e-10, 3e-17, -1e-12])
def test_the_noise_of_a_sum_is_nothing(noise):
    assert json.dumps(shared_influence.exact(noise)) == "0.0"


@pytest.mark.parametrize(
    ("nano_nats", "text"),
    [
        (0, "0.000 nats"),
        (1, "+0.000000001 nats"),
        (-1, "−0.000000001 nats"),
        (-400_000, "−0.0004 nats"),
        (3_418_200_000, "+3.418 nats"),
        (-3_418_200_000, "−3.418 nats"),
    ],
)
def test_it_is_written_with_its_sign(nano_nats, text):
    assert words.signed_nats(nano_nats) == text


@given(st.integers(-(10**15), 10**15))
def test_a_zero_is_never_written_with_a_sign(nano_nats):
    text = words.signed_nats(nano_nats)
    digits = text.replace("nats", "").strip("+−-, ")
    if float(digits.replace(",", "")) == 0:
        assert text == "0.000 nats"
    assert "-" not in text


@pytest.mark.parametrize(
    ("nano_nats", "said"), [(1, "more than the sum"), (-1, "less than the sum"), (0, "exactly the sum")]
)
def test_its_sentence_follows_the_sign(nano_nats, said):
    sentence = str(shared_influence.sentence(nano_nats))
    assert said in sentence
    assert sentence.endswith("charged to nobody.")


@pytest.mark.parametrize("body", [{}, {"shared_nats": None}])
def test_there_is_none_where_nothing_was_measured(body):
    assert shared_influence.nano_nats_of(body) is None
    assert shared_influence.sentence(None) is None
