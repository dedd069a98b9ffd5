"""Mid-answer top-ups: a token never uses more than what is held, and a refusal is for good."""

from fractions import Fraction
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from accounting.maths.units import nano_nats_up
from inference.allowance import HeldAllowance

NANO = 10**9


def seat(*, cap, block, charge=None, slug="a", group=None):
    return SimpleNamespace(
        slug=slug, cap_nano_nats=cap, block_nano_nats=block, token_charge_nano_nats=charge, group=group
    )


def allowance(one, *, max_tokens, budget):
    """Over a budget that gives blocks while it lasts; what was held and refused is written down."""
    book = SimpleNamespace(held=min(one.cap_nano_nats, one.block_nano_nats), refusals=[])

    def top_up(label, nano_nats):
        if book.held + nano_nats > budget:
            return False
        book.held += nano_nats
        return True

    made = HeldAllowance(max_tokens=max_tokens, top_up=top_up, refused=book.refusals.append)
    made.seat([one])
    return made, book


@given(
    cap=st.integers(1, 10**12),
    block=st.integers(1, 10**11),
    budget=st.integers(0, 2 * 10**12),
    max_tokens=st.integers(1, 60),
    shares=st.lists(st.floats(0, 1), min_size=60, max_size=60),
)
def test_no_token_can_spend_above_what_is_held_and_all_tokens_not_above_the_cap(
    cap, block, budget, max_tokens, shares
):
    block = max(block, cap // 50)
    made, book = allowance(seat(cap=cap, block=block), max_tokens=max_tokens, budget=budget)
    for token in range(max_tokens):
        left = made.left_nats("a")
        tokens_left = max_tokens - token
        made.spend("a", min(left, 2 * left / tokens_left) * shares[token])
        assert made.spent_nano_nats("a") <= book.held <= cap
        made.token_drawn()


def test_a_refused_top_up_puts_the_seat_out_for_good_and_is_told_once():
    made, book = allowance(seat(cap=10 * NANO, block=NANO), max_tokens=10, budget=2 * NANO)
    lefts = []
    for _ in range(10):
        left = made.left_nats("a")
        lefts.append(left)
        made.spend("a", min(left, 0.6))
        made.token_drawn()
    assert lefts[0] > 0
    assert lefts[-1] == 0.0
    assert book.refusals == ["a"]
    assert made.all_refused() == {"a"}


def test_a_private_seat_goes_on_exactly_as_long_as_its_charge_fits_its_cap():
    made, book = allowance(seat(cap=95, block=40, charge=10), max_tokens=100, budget=1000)
    paid = 0
    while made.left_nats("a") > 0:
        made.spend("a", 10 / NANO)
        made.token_drawn()
        paid += 1
    assert paid == 9
    assert book.refusals == []


def test_the_last_token_may_use_all_that_is_left():
    made, _ = allowance(seat(cap=4 * NANO, block=NANO), max_tokens=1, budget=100 * NANO)
    assert abs(made.left_nats("a") - 4) < 1e-8


def grouped(cap=10**12):
    made = HeldAllowance(max_tokens=60, top_up=lambda *_: True, refused=lambda _: None)
    made.seat(
        [
            *(seat(cap=cap, block=cap, slug=slug, group=3) for slug in ("a", "b", "c")),
            seat(cap=cap, block=cap, slug="alone"),
        ]
    )
    return made


@given(tokens=st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=40))
def test_members_of_a_group_have_exact_parts_of_what_it_spent_as_one_and_they_only_grow(tokens):
    made, spent, before = grouped(), dict.fromkeys("abc", 0.0), dict.fromkeys("abc", 0)
    for token in tokens:
        for label, nats in zip("abc", token, strict=True):
            made.spend(label, nats)
            spent[label] += nats
        parts = {label: made.spent_nano_nats(label) for label in "abc"}
        assert sum(parts.values()) == nano_nats_up(sum(map(Fraction, spent.values())))
        assert all(parts[label] >= before[label] for label in "abc")
        assert all(parts[label] < Fraction(spent[label]) * 10**9 + 2 for label in "abc")
        before = parts


def test_a_group_is_rounded_up_once_and_not_once_a_member():
    made = grouped()
    for label in ("a", "b", "c", "alone"):
        made.spend(label, 0.1e-9)
    assert sum(made.spent_nano_nats(label) for label in "abc") == 1
    assert made.spent_nano_nats("alone") == 1


def test_no_member_of_a_group_spends_above_what_it_holds():
    made = grouped(cap=100)
    for _ in range(60):
        for label in "abc":
            made.spend(label, made.left_nats(label))
        made.token_drawn()
    assert all(97 <= made.spent_nano_nats(label) <= 100 for label in "abc")
