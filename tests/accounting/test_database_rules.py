"""The database refuses wrong books by itself, whoever writes them."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounting.accounts import AccountKind, Asset, open_account, system_accounts
from accounting.audit import record
from accounting.database_rules import installation
from accounting.errors import Invalid
from tests.accounting.conftest import NOW

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def test_every_rule_is_in_the_database_after_migrating():
    assert installation.missing(connection) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_again", [1, 2])
def test_every_rule_is_back_after_a_sweep(_again):
    open_account(asset=Asset.MICRO_USD, kind=AccountKind.WALLET, label="w")
    assert installation.missing(connection) == []


@pytest.mark.parametrize("statement", ["UPDATE accounting_auditevent SET actor = 'b'", "DELETE FROM {}"])
def test_what_was_audited_stays(statement):
    record(acting_user="a", action="suspend", subject="source s", before={"state": "live"}, now=NOW)
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("accounting_auditevent"))


def test_installing_again_changes_nothing():
    installation.install(connection)
    assert installation.missing(connection) == []


def test_an_account_of_the_wrong_asset_is_refused():
    with pytest.raises(Invalid):
        open_account(asset=Asset.NANO_NAT, kind=AccountKind.WALLET, label="w")


def test_system_accounts_are_opened_once():
    kinds = (AccountKind.CLEARING, AccountKind.FUNDING)
    assert system_accounts(kinds) == system_accounts(kinds)
