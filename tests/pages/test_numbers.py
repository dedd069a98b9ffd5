"""How amounts are written: with their unit, and never rounded to nothing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting import words
from marketplace.templatetags import portal


@pytest.mark.parametrize(
    ("micro_usd", "text"),
    [
        (0, "$0.000000"),
        (1, "$0.000001"),
        (1_234_567, "$1.234567"),
        (1_234_567_890_123, "$1,234,567.890123"),
        (-5, "−$0.000005"),
    ],
)
def test_dollars_keep_every_millionth(micro_usd: int, text: str) -> None:
    assert words.dollars(micro_usd) == text
    assert portal.usd(micro_usd) == f'<span class="money">{text[:-4]}<i>{text[-4:]}</i></span>'


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15))
def test_dollars_can_be_read_back(micro_usd: int) -> None:
    text = words.dollars(micro_usd).replace("−", "-").replace("$", "").replace(",", "").replace(".", "")
    assert int(text) == micro_usd


@pytest.mark.parametrize(
    ("nano_nats", "text"),
    [
        (0, "0.000 nats"),
        (1, "0.000000001 nats"),
        (999_999, "0.000999999 nats"),
        (1_000_000, "0.001 nats"),
        (63_218_000_000, "63.218 nats"),
        (1_000_000 * 10**9, "1,000,000.0 nats"),
    ],
)
def test_nats_are_never_rounded_to_nothing(nano_nats: int, text: str) -> None:
    assert words.nats(nano_nats) == text


def test_absent_values_are_said_in_words() -> None:
    assert portal.nats(None) == "no limit"
    assert portal.nats_plain(None, "none") == "none"
    assert portal.usd(None) == portal.usd_plain(None) == portal.bits(None) == "—"
    assert portal.when(None) == "never"


@pytest.mark.parametrize(
    ("nats", "text"),
    [(-0.0001, "−0.0001 nats"), (-1e-12, "0.000 nats"), (0.0, "0.000 nats"), (0.11, "+0.110 nats")],
)
def test_a_zero_is_never_written_with_a_sign(nats: float, text: str) -> None:
    assert portal.signed_float_nats(nats) == text
    assert portal.signed_nats(round(nats * 10**9)).startswith(f'<span class="number">{text[:-5]} <')


def test_movements_of_money_have_a_sign() -> None:
    assert ">+$1.00<i>0000</i>" in portal.signed_usd(1_000_000)
    assert ">−$0.00<i>0005</i>" in portal.signed_usd(-5)
    assert ">$0.00<i>0000</i>" in portal.signed_usd(0)


def test_sizes_times_and_states() -> None:
    assert [portal.size(count) for count in (999, 1500, 2_500_000)] == ["999 bytes", "1.5 kB", "2.5 MB"]
    moment = datetime(2026, 1, 31, 9, 5, 7, tzinfo=UTC)
    assert ">31 Jan 2026, 09:05<" in portal.when(moment)
    assert 'datetime="2026-01-31T09:05:07+00:00"' in portal.when(moment)
    assert portal.badge("suspended") == '<span class="badge bad">suspended</span>'


def test_what_people_wrote_is_escaped() -> None:
    assert "<script>" not in portal.badge("<script>")
    assert "<script>" not in portal.copyable("<script>alert(1)</script>")
    assert "<script>" not in portal.bar("<script>", 1, 1)


@settings(deadline=None)
@given(st.integers(1, 10**12), st.integers(0, 10**13), st.integers(0, 10**13))
def test_a_bar_never_leaves_its_box(whole: int, used: int, held: int) -> None:
    drawn = portal.bar("budget", whole, used, held)
    widths = [float(part.split('%"')[0]) for part in drawn.split('width="')[1:]]
    assert all(0 <= width <= 100 for width in widths)
    assert sum(widths) <= 100.01
