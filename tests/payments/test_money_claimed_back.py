"""Refunds and disputes: the wallet gives what it has, the rest is owed and paid by the next top-up."""

import itertools
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import AuditEvent, Debt, TopUp, Transfer
from tests.booking import answer, hold
from tests.booking import top_up as by_hand
from tests.builders import live_source
from tests.cast import Cast
from tests.payments.stripe_here import deliver, disputed, paid, refunded

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]
CENT = 10_000


@pytest.fixture
def top_up(cast: Cast, network) -> str:
    reply = cast.buyer.api.post("/v1/account/top-ups", {"amount_micro_usd": 2500 * CENT}, format="json")
    return str(reply.json()["id"])


def account(cast: Cast) -> tuple[int, int]:
    """Balance and what is owed."""
    body = cast.buyer.api.get("/v1/account").json()
    return body["balance_micro_usd"], body["owed_micro_usd"]


def spend(cast: Cast, micro_usd: int) -> None:
    """An answer that costs so much, without a fee's rounding: 105 micro-USD a unit."""
    live_source(cast.owner, price_micro_usd_per_nat=micro_usd * 100 // 105)
    answer(cast.buyer, "almanac", 1, cap=1)


def test_a_full_refund_takes_the_top_up_back(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    assert deliver(cast.stranger, refunded(2500)).json()["outcome"] == "done"
    assert account(cast) == (0, 0)
    shown = cast.buyer.api.get(f"/v1/account/top-ups/{top_up}").json()
    assert (shown["state"], shown["taken_back_micro_usd"]) == ("paid", 2500 * CENT)
    assert AuditEvent.objects.get(action="top_up.taken_back").actor == "stripe"


def test_the_reversing_transfer_names_the_top_up_that_it_reverses(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    deliver(cast.stranger, refunded(2500))
    into, out = Transfer.objects.filter(detail__top_up=top_up).order_by("created_at")
    assert {into.label, out.label} == {"top-up", "top-up refunded"}
    assert out.reverses_id == into.pk


def test_partial_refunds_are_told_as_totals_and_taken_as_differences(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    for total, left in ((1000, 1500), (1000, 1500), (1800, 700), (1000, 700)):
        deliver(cast.stranger, refunded(total))
        assert account(cast) == (left * CENT, 0)


def test_a_refund_that_comes_before_its_payment_is_taken_when_the_payment_comes(cast: Cast, top_up):
    assert deliver(cast.stranger, refunded(1000)).json()["outcome"] == "waiting"
    deliver(cast.stranger, paid(top_up))
    assert account(cast) == (1500 * CENT, 0)


def test_what_was_spent_is_owed_and_the_next_top_up_pays_it_first(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    spend(cast, 21_000_000)
    deliver(cast.stranger, refunded(2500))
    assert account(cast) == (0, 21_000_000)
    by_hand(cast.buyer, 1_000_000)
    assert account(cast) == (0, 20_000_000)
    by_hand(cast.buyer, 30_000_000)
    assert account(cast) == (10_000_000, 0)
    repaid = list(
        TopUp.objects.filter(provider="manual").order_by("pk").values_list("repaid_micro_usd", flat=True)
    )
    assert sorted(repaid) == [1_000_000, 20_000_000]


def test_money_that_an_answer_holds_is_not_taken_from_under_it(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    live_source(cast.owner, price_micro_usd_per_nat=1_000_000)
    hold(cast.buyer, "almanac", cap=20)
    deliver(cast.stranger, refunded(2500))
    assert account(cast) == (21_000_000, 21_000_000)


@pytest.mark.parametrize(
    "status", ["warning_needs_response", "warning_under_review", "warning_closed", "won"]
)
def test_an_inquiry_and_a_won_dispute_take_nothing(cast: Cast, top_up, status):
    deliver(cast.stranger, paid(top_up))
    assert deliver(cast.stranger, disputed(status)).json()["outcome"] == "done"
    assert account(cast) == (2500 * CENT, 0)


def test_a_dispute_takes_the_money_and_winning_it_brings_it_back(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    deliver(cast.stranger, disputed("needs_response", created=100))
    assert account(cast) == (0, 0)
    deliver(cast.stranger, disputed("won", kind="charge.dispute.closed", created=200))
    assert account(cast) == (2500 * CENT, 0)
    assert TopUp.objects.get(pk=top_up).taken_back_micro_usd == 0


def test_a_lost_dispute_stays_taken(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    deliver(cast.stranger, disputed("needs_response", created=100))
    deliver(cast.stranger, disputed("lost", kind="charge.dispute.closed", created=200))
    assert account(cast) == (0, 0)


def test_money_won_back_pays_the_debt_that_the_dispute_made(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    spend(cast, 21_000_000)
    deliver(cast.stranger, disputed("needs_response", created=100))
    assert account(cast) == (0, 21_000_000)
    deliver(cast.stranger, disputed("won", kind="charge.dispute.closed", created=200))
    assert account(cast) == (4_000_000, 0)


def test_a_refund_and_a_dispute_together_never_take_more_than_was_paid(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    deliver(cast.stranger, refunded(1000))
    deliver(cast.stranger, disputed("needs_response"))
    assert account(cast) == (0, 0)
    assert TopUp.objects.get(pk=top_up).taken_back_micro_usd == 2500 * CENT


def test_a_claim_in_another_currency_is_kept_for_the_operator(cast: Cast, top_up):
    deliver(cast.stranger, paid(top_up))
    assert deliver(cast.stranger, refunded(2500, currency="eur")).json()["outcome"] == "refused"
    assert account(cast) == (2500 * CENT, 0)


STORY = (
    ("paid", 0),
    ("refund", 600),
    ("refund", 1100),
    ("opened", 100),
    ("closed", 200),
)


def tell(what: str, number: int, top_up: str) -> dict[str, object]:
    if what == "paid":
        return paid(top_up)
    if what == "refund":
        return refunded(number)
    kind = "charge.dispute.created" if what == "opened" else "charge.dispute.closed"
    return disputed("needs_response" if what == "opened" else "won", kind=kind, created=number, amount=700)


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(STORY))))[::7])
def test_whatever_order_events_come_in_the_wallet_ends_the_same(cast: Cast, top_up, order):
    told = [tell(*step, top_up) for step in STORY]
    for index in (*order, *order[:2]):
        assert deliver(cast.stranger, told[index]).status_code == 200
    assert account(cast) == (1400 * CENT, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(min_value=1, max_value=3000), min_size=1, max_size=6))
def test_wallet_and_debt_always_sum_to_what_came_in_less_what_was_claimed_and_spent(
    cast: Cast, network, claims
):
    reply = cast.buyer.api.post("/v1/account/top-ups", {"amount_micro_usd": 2500 * CENT}, format="json")
    payment = f"pi_{uuid.uuid4().hex}"
    before, owed_before = account(cast)
    deliver(cast.stranger, paid(reply.json()["id"], payment_intent=payment))
    for cents in claims:
        deliver(cast.stranger, refunded(cents, payment_intent=payment, id=f"ch_{payment}"))
    after, owed = account(cast)
    taken = min(2500, max(claims)) * CENT
    assert (after - owed) - (before - owed_before) == 2500 * CENT - taken
    assert after >= 0
    assert all(debt.owed_micro_usd >= 0 for debt in Debt.objects.all())
