"""Free credit, spend caps of a key and price ceilings, through a real answer."""

import pytest
from django.utils import timezone

from accounting import check, ledger
from accounting.models import AccountKind
from tests.inference.test_bad_input import error_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_are_sound_afterwards(scene):
    yield
    assert check.check(now=timezone.now()).sound


def ask(client, scene, **body):
    return client.post("/v1/chat/completions", scene.body(**body), format="json")


def test_a_buyer_without_money_asks_on_free_credit_and_owners_are_paid_from_it(scene, settings):
    settings.FREE_CREDIT_MICRO_USD_A_MONTH = 1_000_000
    outsider = scene.cast.outsider
    first = scene.ask(outsider, abc={"purpose": "research"})
    assert first.status_code == 200, first.content
    paid = first.json()["abc"]["charge_micro_usd"]
    assert paid > 0
    account = outsider.api.get("/v1/account").json()
    assert account["balance_micro_usd"] == 1_000_000 - paid
    kinds = {one.kind: one.balance for one in ledger.totals_by_kind() if one.asset == "micro_usd"}
    assert kinds[AccountKind.PROMOTION] == -1_000_000
    assert kinds[AccountKind.EARNINGS] + kinds[AccountKind.PLATFORM_FEE] == paid


def test_without_free_credit_an_empty_wallet_is_a_402(scene):
    reply = scene.ask(scene.cast.outsider, abc={"purpose": "research"})
    assert error_of(reply, 402)["code"] == "payment_required"
