"""`manage.py wallet top-up`: money arrives once, and refusals are sentences."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from accounting import ledger

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_a_top_up_repeated_with_the_same_id_adds_nothing(cast) -> None:
    operation = str(uuid4())
    for _ in range(2):
        out = StringIO()
        call_command("wallet", "top-up", "buyer", "2500000", f"--operation-id={operation}", stdout=out)
        assert out.getvalue() == "buyer: 2,500,000 micro-USD available\n"
    assert ledger.balance(cast.buyer.organisation.wallet_account_id).available == 2_500_000


def test_an_unknown_organisation_is_named(db) -> None:
    with pytest.raises(CommandError, match="no organisation 'nobody'"):
        call_command("wallet", "top-up", "nobody", "1")


def test_a_negative_amount_is_refused(cast) -> None:
    with pytest.raises(CommandError):
        call_command("wallet", "top-up", "buyer", "-5")
    assert ledger.balance(cast.buyer.organisation.wallet_account_id).available == 0
