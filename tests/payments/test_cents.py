"""Micro-USD and cents meet exactly or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.errors import Invalid
from accounting.payments.cents import MICRO_USD_PER_CENT, cents_of, micro_usd_of


@given(st.integers(min_value=0, max_value=10**14))
def test_every_number_of_cents_comes_back(cents):
    assert cents_of(micro_usd_of(cents)) == cents


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=1, max_value=9_999))
def test_a_part_of_a_cent_is_refused_and_never_rounded(cents, part):
    with pytest.raises(Invalid) as refused:
        cents_of(cents * MICRO_USD_PER_CENT + part)
    assert refused.value.code == "not_whole_cents"


@pytest.mark.parametrize("wrong", [-10_000, True, 10_000.0, "10000", 2**70])
def test_what_is_no_amount_is_refused(wrong):
    with pytest.raises(Invalid):
        cents_of(wrong)
