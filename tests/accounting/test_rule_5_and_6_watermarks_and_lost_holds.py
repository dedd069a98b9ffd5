"""Rule 5: no token leaves without a hold on record. Rule 6: a lost hold ends by itself, by its watermark."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import budgets, holds, ledger, settlement
from accounting.check import check
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import Hold, HoldLine, Receipt
from accounting.settled import Usage
from accounting.signing import payload
from tests.accounting.conftest import NAT, NOW, settle

pytestmark = [pytest.mark.books, pytest.mark.django_db]
LATER = NOW + timedelta(minutes=11)


def progress(hold_id, drawn, delivered, now=NOW, extend_to=None, **nats):
    holds.record_progress(
        hold_id=hold_id,
        tokens_drawn=drawn,
        tokens_delivered=delivered,
        drawn_nano_nats={label: pair[0] for label, pair in nats.items()},
        delivered_nano_nats={label: pair[1] for label, pair in nats.items()},
        now=now,
        extend_to=extend_to,
    )


def test_rule_5_progress_without_a_hold_is_refused():
    with pytest.raises(NotFound):
        progress(uuid.uuid4(), 16, 16)


def test_rule_5_nothing_is_drawn_beyond_what_is_held(market):
    placed = market.place(market.terms("a"))
    with pytest.raises(Conflict) as refused:
        progress(placed.hold_id, 16, 16, a=(4 * NAT + 1, NAT))
    assert refused.value.code == "above_hold"


def test_rule_5_nothing_is_delivered_that_was_not_drawn(market):
    placed = market.place(market.terms("a"))
    with pytest.raises(Invalid):
        progress(placed.hold_id, 16, 17)
    with pytest.raises(Invalid):
        progress(placed.hold_id, 16, 16, a=(NAT, NAT + 1))


def test_rule_5_nothing_is_drawn_after_the_end(market):
    placed = market.place(market.terms("a"))
    market.settle(placed.hold_id, a=(NAT, NAT))
    with pytest.raises(Conflict) as refused:
        progress(placed.hold_id, 16, 16, a=(NAT, NAT))
    assert refused.value.code == "hold_ended"


def test_rule_5_by_hand_a_line_never_draws_more_than_it_holds(market):
    market.place(market.terms("a"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounting_holdline SET drawn_nano_nats = held_nano_nats + 1")


def test_rule_6_the_watermark_only_grows(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 32, 30, a=(2 * NAT, NAT))
    progress(placed.hold_id, 16, 16, a=(NAT, NAT // 2))
    line = HoldLine.objects.get(hold_id=placed.hold_id)
    hold = Hold.objects.get(pk=placed.hold_id)
    assert (line.drawn_nano_nats, line.delivered_nano_nats) == (2 * NAT, NAT)
    assert (hold.tokens_drawn, hold.tokens_delivered) == (32, 30)


def test_rule_6_by_hand_the_watermark_only_grows(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 32, 30, a=(2 * NAT, NAT))
    for statement in (
        "UPDATE accounting_holdline SET drawn_nano_nats = drawn_nano_nats - 1",
        "UPDATE accounting_hold SET tokens_delivered = 0",
    ):
        with (
            pytest.raises(IntegrityError, match="rule 6"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_rule_6_by_hand_a_hold_that_ends_gives_everything_back(market):
    market.place(market.terms("a"), market.terms("b"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounting_hold SET state = 'voided', ended_at = created_at")
    assert ledger.balance(market.wallet).pending == 0
    assert budgets.state(market.owners["a"].budget).held == 0
    assert check(now=NOW).breaches == ()


def test_rule_6_settlement_below_the_watermark_is_refused(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 32, 32, a=(2 * NAT, 2 * NAT))
    with pytest.raises(Conflict) as refused:
        market.settle(placed.hold_id, a=(NAT, NAT))
    assert refused.value.code == "below_watermark"


def test_rule_6_a_settlement_with_fewer_tokens_than_its_watermark_is_refused(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 48, 48, a=(NAT, NAT))
    with pytest.raises(Conflict) as refused:
        settle(placed.hold_id, [Usage("a", NAT, NAT)], tokens_drawn=48, tokens_delivered=47)
    assert refused.value.code == "below_watermark"


def test_rule_6_where_nothing_was_delivered_nothing_is_owed_and_what_was_drawn_stays_spent(market):
    placed = market.place(market.terms("a", floor_micro_usd=30))
    with pytest.raises(Invalid, match="no token was delivered"):
        settle(placed.hold_id, [Usage("a", NAT, NAT)], tokens_drawn=1, tokens_delivered=0)
    settled = settle(placed.hold_id, [Usage("a", NAT, 0)], tokens_drawn=1, tokens_delivered=0)
    assert settled.total_micro_usd == 0
    assert budgets.state(market.owners["a"].budget).spent == NAT
    assert check(now=NOW).breaches == ()


def test_rule_6_a_lost_hold_ends_at_its_watermark(market):
    placed = market.place(market.terms("a"), market.terms("b", floor_micro_usd=30))
    progress(placed.hold_id, 32, 30, a=(3 * NAT, 2 * NAT), b=(NAT, NAT))
    assert holds.expire_due(now=NOW) == 0
    assert holds.expire_due(now=LATER) == 1
    assert holds.expire_due(now=LATER) == 0
    # delivered: a 2 nats at 20, b 1 nat at 20 topped up to its floor of 30, fee 5% of 60
    assert ledger.balance(market.wallet) == ledger.Balance(1_000_000 - 73, 0, 1_000_000 - 73)
    assert ledger.balance(market.owners["a"].earnings).posted == 40
    assert ledger.balance(market.owners["b"].earnings).posted == 30
    assert budgets.state(market.owners["a"].budget).spent == 3 * NAT
    assert budgets.state(market.owners["b"].budget) == budgets.BudgetState(100 * NAT, NAT, 0, 99 * NAT)
    receipt = Receipt.objects.get(hold_id=placed.hold_id)
    assert payload(receipt.jws) == receipt.body
    assert receipt.body["ended"] == "expired"
    assert receipt.body["question"] == "opaque"
    assert receipt.total_micro_usd == 73
    assert check(now=LATER).breaches == ()


def test_rule_6_in_a_lost_private_answer_the_whole_blocks_stay_spent(market):
    placed = market.place(market.terms("a", charged_by="blocks"))
    assert holds.top_up(hold_id=placed.hold_id, label="a", nano_nats=2 * NAT, now=NOW)
    progress(placed.hold_id, 16, 16, a=(NAT, NAT))
    holds.expire_due(now=LATER)
    assert budgets.state(market.owners["a"].budget).spent == 6 * NAT
    assert ledger.balance(market.owners["a"].earnings).posted == 20
    assert check(now=LATER).breaches == ()


def test_rule_6_a_hold_lost_before_its_first_token_costs_nothing(market):
    placed = market.place(market.terms("a", floor_micro_usd=30))
    holds.expire_due(now=LATER)
    assert ledger.balance(market.wallet) == ledger.Balance(1_000_000, 0, 1_000_000)
    assert Receipt.objects.get(hold_id=placed.hold_id).total_micro_usd == 0
    assert check(now=LATER).breaches == ()


def test_rule_6_progress_keeps_a_long_answer_alive(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 16, 16, extend_to=LATER + timedelta(minutes=5), a=(NAT, NAT))
    assert holds.expire_due(now=LATER) == 0
    assert market.settle(placed.hold_id, a=(NAT, NAT)).total_micro_usd == 21


def test_rule_6_a_hold_that_is_known_to_be_lost_ends_at_once(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 16, 16, a=(NAT, NAT))
    assert settlement.settle_lost(hold_id=placed.hold_id, now=NOW, reason="worker_lost")
    assert not settlement.settle_lost(hold_id=placed.hold_id, now=NOW, reason="worker_lost")
    assert Receipt.objects.get(hold_id=placed.hold_id).body["ended"] == "worker_lost"


def test_rule_6_after_expiry_a_late_settlement_is_refused(market):
    placed = market.place(market.terms("a"))
    holds.expire_due(now=LATER)
    with pytest.raises(Conflict) as refused:
        market.settle(placed.hold_id, a=(NAT, NAT))
    assert refused.value.code == "hold_ended"
    assert budgets.state(market.owners["a"].budget).spent == 0


def test_a_client_that_leaves_pays_for_what_was_delivered(market):
    placed = market.place(market.terms("a"))
    progress(placed.hold_id, 16, 16, a=(2 * NAT, 2 * NAT))
    settled = market.settle(placed.hold_id, a=(3 * NAT, 2 * NAT))
    assert settled.lines[0].charge_micro_usd == 40
    assert budgets.state(market.owners["a"].budget).spent == 3 * NAT
