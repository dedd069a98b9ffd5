"""Rule 7: every line of a statement leads to a receipt, receipts sum to it, and anyone can check one."""

import json
import uuid
from datetime import timedelta

import jwt
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from accounting import holds, ledger, signing, statements
from accounting.models import Receipt, ReceiptLine, Transfer
from accounting.models.transfers import MOVING_PHASES
from accounting.receipt_proof import Proof, prove
from tests.accounting.conftest import NAT, NOW

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def paid(market):
    for number in range(1, 6):
        placed = market.place(market.terms("a"), market.terms("b", floor_micro_usd=9))
        market.settle(placed.hold_id, a=(number * NAT // 3, number * NAT // 3), b=(NAT // 7, NAT // 7))
    lost = market.place(market.terms("c"))
    holds.expire_due(now=NOW + timedelta(hours=1))
    assert Receipt.objects.filter(hold_id=lost.hold_id).exists()
    return market


def test_rule_7_receipts_sum_to_the_statement_to_the_last_micro_usd(paid):
    usage = statements.usage(wallet_id=paid.wallet)
    spent = 1_000_000 - ledger.balance(paid.wallet).posted
    assert usage.receipts == 6
    assert usage.total_micro_usd == spent == sum(r.total_micro_usd for r in Receipt.objects.all())
    assert usage.total_micro_usd == usage.charges_micro_usd + usage.fee_micro_usd
    lines = statements.usage_lines(wallet_id=paid.wallet)
    assert sum(receipt.total_micro_usd for receipt in lines) == spent


def test_rule_7_every_earning_leads_to_a_receipt(paid):
    for label in "abc":
        account = paid.owners[label].earnings
        earned = statements.earnings(earnings_account_ids=[account])
        lines = list(statements.earnings_lines(earnings_account_ids=[account]))
        assert sum(line.paid_micro_usd for line in lines) == earned.total_micro_usd
        assert earned.total_micro_usd == ledger.balance(account).posted
        assert all(line.receipt.wallet_id == paid.wallet for line in lines)


def test_rule_7_every_movement_of_a_wallet_is_a_top_up_or_has_a_receipt(paid):
    sides = Q(debit_account_id=paid.wallet) | Q(credit_account_id=paid.wallet)
    moved = list(Transfer.objects.filter(sides, phase__in=MOVING_PHASES).select_related("hold__receipt"))
    assert [row.label for row in moved if row.hold is None] == ["top-up"]
    answers = [row for row in moved if row.hold is not None]
    receipts = {row.hold.receipt for row in answers if row.hold}
    assert len(receipts) == 5
    assert sum(row.amount for row in answers) == sum(receipt.total_micro_usd for receipt in receipts)


def test_rule_7_a_statement_can_be_cut_by_time(paid):
    assert statements.usage(wallet_id=paid.wallet, until=NOW).receipts == 0
    soon = NOW + timedelta(seconds=1)
    assert statements.usage(wallet_id=paid.wallet, since=NOW, until=soon).receipts == 5


def test_rule_7_a_receipt_verifies_offline_with_the_published_key_alone(paid):
    published = json.loads(json.dumps(signing.jwks()))
    receipt = Receipt.objects.order_by("-total_micro_usd")[0]
    key_id = jwt.get_unverified_header(receipt.jws)["kid"]
    key = jwt.PyJWKSet.from_dict(published)[key_id]
    body = jwt.decode(receipt.jws, key, algorithms=["EdDSA"])
    assert body == receipt.body
    assert body["total_micro_usd"] == receipt.total_micro_usd
    assert body["receipt_id"] == str(receipt.pk)


def test_rule_7_a_changed_receipt_does_not_verify():
    good = signing.sign({"total_micro_usd": 5})
    head, _, signature = good.split(".")
    forged = signing.sign({"total_micro_usd": 50}).split(".")[1]
    assert signing.verify(good)
    assert not signing.verify(f"{head}.{forged}.{signature}")
    assert not signing.verify("not a receipt")
    assert not signing.verify(jwt.encode({"total_micro_usd": 5}, "x" * 32, algorithm="HS256"))


def test_rule_7_one_receipt_can_be_proven_by_itself(paid):
    receipt = Receipt.objects.order_by("-total_micro_usd")[0]
    assert prove(receipt) == Proof(signature=True, sums=True, problems=())
    receipt.total_micro_usd += 1
    changed = prove(receipt)
    assert (changed.signature, changed.sums) == (False, False)
    assert "its total is not what left the wallet" in changed.problems


def test_rule_7_the_signed_text_is_canonical():
    one, other = signing.sign({"b": 1, "a": "ü"}), signing.sign({"a": "ü", "b": 1})
    assert one == other


def test_rule_7_the_published_key_has_no_private_part():
    assert set(signing.jwks()["keys"][0]) == {"crv", "kty", "x", "kid", "use", "alg"}


@pytest.mark.parametrize("table", ["accounting_receipt", "accounting_receiptline"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET issued_at = issued_at", "DELETE FROM {}"])
def test_rule_7_by_hand_receipts_are_never_changed(paid, table, statement):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


def test_rule_7_by_hand_a_receipt_says_what_left_the_wallet(market):
    placed = market.place(market.terms("a"))
    with pytest.raises(IntegrityError, match="rule 7"), transaction.atomic():
        Receipt.objects.create(
            id=uuid.uuid4(),
            hold_id=placed.hold_id,
            wallet_id=market.wallet,
            issued_at=NOW,
            jws="",
            charges_micro_usd=5,
            fee_micro_usd=0,
            total_micro_usd=5,
        )


def test_rule_7_by_hand_a_line_is_not_added_to_a_receipt(paid):
    receipt = Receipt.objects.order_by("-total_micro_usd")[0]
    with pytest.raises(IntegrityError, match="rule 7"), transaction.atomic():
        ReceiptLine.objects.create(
            receipt=receipt,
            label="z",
            earnings_account_id=paid.owners["c"].earnings,
            nano_nats=0,
            drawn_nano_nats=0,
            charge_micro_usd=1,
            floor_top_up_micro_usd=0,
            issued_at=NOW,
        )
