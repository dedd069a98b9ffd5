"""Free credit, spend caps of a key and price ceilings, through a real answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounting import check, ledger
from accounting.models import AccountKind
from marketplace import spend_caps
from marketplace.models import ApiKey, DaySpendCap
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


def test_a_daily_cap_refuses_and_is_named_though_the_key_has_more_in_all(scene):
    capped = scene.cast.buyer.key_for(
        "answers", default_purpose="research", spend_cap_micro_usd=10_000_000, daily_cap_micro_usd=10
    )
    error = error_of(ask(capped, scene), 402)
    key = ApiKey.objects.get(daily_cap_micro_usd=10)
    day = timezone.now().date()
    assert error["code"] == "spend_cap_reached"
    assert error["spend_cap"] == f"daily spend cap of key {key.prefix} on {day} (UTC)"
    assert error["spend_cap"] in error["message"]


def test_a_cap_in_all_is_named_though_the_day_has_more(scene):
    capped = scene.cast.buyer.key_for(
        "answers", default_purpose="research", spend_cap_micro_usd=10, daily_cap_micro_usd=10_000_000
    )
    error = error_of(ask(capped, scene), 402)
    assert error["spend_cap"] == f"spend cap of key {ApiKey.objects.get(spend_cap_micro_usd=10).prefix}"


def test_an_answer_counts_on_both_caps_and_the_account_says_so(scene):
    capped = scene.cast.buyer.key_for(
        "answers", "account", default_purpose="research",
        spend_cap_micro_usd=10_000_000, daily_cap_micro_usd=5_000_000,
    )  # fmt: skip
    paid = ask(capped, scene).json()["abc"]["charge_micro_usd"]
    assert paid > 0
    shown = capped.get("/v1/account").json()["key"]
    assert shown["spend_left_micro_usd"] == 10_000_000 - paid
    assert (shown["daily_cap_micro_usd"], shown["daily_left_micro_usd"]) == (5_000_000, 5_000_000 - paid)


def test_a_spent_day_ends_at_midnight_utc(scene):
    scene.cast.buyer.key_for("answers", default_purpose="research", daily_cap_micro_usd=700)
    key = ApiKey.objects.get(daily_cap_micro_usd=700)
    now = timezone.now()
    (today,) = spend_caps.open_for(key=key, now=now)
    (tomorrow,) = spend_caps.open_for(key=key, now=now + timedelta(days=1))
    assert today != tomorrow
    assert DaySpendCap.objects.filter(key=key).count() == 2


def test_a_ceiling_is_what_an_answer_pays_at_most_and_what_is_held_for_it(scene):
    scene.offer("python-guide", as_slug="dear", price_micro_usd_per_nat=1_000_000, ceiling_price_micro_usd=70)
    wish = {"only": ["dear"]}
    plan = scene.cast.buyer.api.post("/v1/plan", scene.body(abc=wish), format="json").json()
    (seat,) = plan["sources"]
    assert (seat["ceiling_price_micro_usd"], seat["most_micro_usd"]) == (70, 70)
    assert plan["quote"]["charges_micro_usd"] == 70
    reply = scene.ask(abc=wish).json()["abc"]
    assert reply["sources"][0]["charge_micro_usd"] == 70
    assert reply["charge_micro_usd"] == 70 + reply["fee_micro_usd"]
    verified = scene.cast.buyer.api.post(f"/v1/receipts/{reply['receipt_id']}/verify").json()
    assert (verified["signature"], verified["sums"]) == (True, True)
    page = scene.cast.buyer.browser.get(f"/receipts/{reply['receipt_id']}").content.decode()
    assert "at most 70 µ$ an answer" in page
    assert "sums verified" in page
