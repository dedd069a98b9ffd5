"""`ledger check` passes on busy books, and names the rule and the row when one was tampered with."""

import io
import json
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from accounting import holds, wallets
from accounting.accounts import AccountKind, Asset, open_account
from accounting.check import check
from accounting.database_rules import installation
from tests.accounting.conftest import NAT, NOW, set_limit

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def busy(market):
    cap = open_account(asset=Asset.MICRO_USD, kind=AccountKind.SPEND_CAP, label="key").pk
    wallets.set_spend_cap(account_id=cap, limit_micro_usd=10_000, operation_id=uuid.uuid4(), now=NOW)
    settled = market.place(
        market.terms("a"), market.terms("b", floor_micro_usd=50), spend_cap_account_ids=(cap,)
    )
    holds.top_up(hold_id=settled.hold_id, label="a", nano_nats=NAT, now=NOW)
    market.settle(settled.hold_id, a=(4 * NAT + 5, 4 * NAT), b=(NAT, NAT))
    lost = market.place(market.terms("a", charged_by="blocks"), market.terms("c"))
    holds.record_progress(
        hold_id=lost.hold_id,
        tokens_drawn=16,
        tokens_delivered=16,
        drawn_nano_nats={"a": NAT, "c": NAT},
        delivered_nano_nats={"a": NAT, "c": NAT},
        now=NOW,
    )
    holds.expire_due(now=NOW + timedelta(hours=1))
    voided = market.place(market.terms("c"))
    holds.void(hold_id=voided.hold_id, reason="not started", now=NOW)
    market.place(market.terms("a"), market.terms("b"), market.terms("c"), spend_cap_account_ids=(cap,))
    set_limit(market.owners["b"].budget, NAT)
    set_limit(market.owners["c"].budget, None)
    return market


def run(*arguments):
    out = io.StringIO()
    try:
        call_command("ledger", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_busy_books_are_sound(busy):
    checked = check(now=NOW)
    assert checked.breaches == ()
    assert (checked.open_holds, checked.receipts) == (1, 2)
    code, text = run("check")
    assert (code, text.splitlines()[-1].split(":")[0]) == (0, "the books are sound")


def test_empty_books_are_sound(db):
    assert run("check")[0] == 0


def test_an_overdue_hold_is_told_and_breaks_nothing(busy):
    checked = check(now=NOW + timedelta(hours=2))
    assert (checked.overdue_holds, checked.sound) == (1, True)


TAMPERED = [
    (1, "UPDATE accounting_account SET credits_posted = credits_posted + 1 WHERE kind = 'wallet'"),
    (1, "UPDATE accounting_transfer SET asset = 'nano_nat' WHERE label = 'top-up'"),
    (1, "UPDATE accounting_transfer SET amount = amount - 1 WHERE phase = 'posted' AND label = 'a'"),
    (1, "UPDATE accounting_transfer SET debit_account_id = 999999 WHERE label = 'top-up'"),
    (4, "UPDATE accounting_operation SET outcome = NULL"),
    (5, "UPDATE accounting_hold SET held_micro_usd = held_micro_usd + 1"),
    (5, "UPDATE accounting_holdline SET held_nano_nats = held_nano_nats + 1"),
    (6, "UPDATE accounting_holdline SET delivered_nano_nats = 0"),
    (6, "UPDATE accounting_hold SET tokens_drawn = 1, tokens_delivered = 0 WHERE state = 'voided'"),
    (7, "UPDATE accounting_receipt SET total_micro_usd = fee_micro_usd, charges_micro_usd = 0"),
    (7, "UPDATE accounting_receipt SET jws = 'x' || jws"),
    (7, "UPDATE accounting_receipt SET shared_nano_nats = 7"),
    (5, "UPDATE accounting_hold SET held_micro_usd = 0 WHERE state = 'settled'"),
    (5, "UPDATE accounting_holdline SET earnings_account_id = 999999"),
    (7, "UPDATE accounting_receiptline SET nano_nats = nano_nats - 400000000 WHERE nano_nats > 400000000"),
    (7, "UPDATE accounting_receiptline SET charge_micro_usd = charge_micro_usd + 1"),
    (7, "DELETE FROM accounting_receiptline"),
    (7, "UPDATE accounting_transfer SET hold_id = NULL WHERE hold_id IS NOT NULL AND asset = 'micro_usd'"),
    (7, "UPDATE accounting_transfer SET amount = amount + 1 WHERE label = 'spend cap'"),
]


@pytest.mark.parametrize(("rule", "statement"), TAMPERED)
def test_a_tampered_row_is_found_and_its_rule_named(busy, rule, statement):
    installation.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount > 0
    installation.install(connection)
    assert rule in {breach.rule for breach in check(now=NOW).breaches}
    code, text = run("check")
    assert code == 1
    assert f"rule {rule}: " in text


def test_a_missing_guard_is_named(busy):
    installation.remove(connection)
    code, text = run("check", "--json")
    found = json.loads(text)
    assert (code, found["sound"]) == (1, False)
    assert {breach["rule"] for breach in found["breaches"]} == {0}


def test_the_trial_balance_sums_to_nothing(busy):
    _, text = run("trial-balance", "--json")
    shown = json.loads(text)
    assert sum(kind["balance"] for kind in shown["kinds"]) == 0
    assert all(total["debits"] == total["credits"] for total in shown["totals"].values())
    _, plain = run("trial-balance")
    assert "earnings" in plain
