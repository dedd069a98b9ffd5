"""The pages of monthly statements: sums that agree with the lines and the files, to read and to print."""

import csv
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounting import ledger
from accounting.monthly_statements import of_consumer, of_owner
from accounting.periods import Month
from accounting.statement_summary import summarise
from marketplace.portal.views import statements
from tests.cast import Actor, Cast
from tests.pages.scene import Scene
from tests.pages.test_every_page import assert_is_a_good_page

pytestmark = pytest.mark.django_db


def read(actor: Actor, address: str) -> str:
    reply: Any = actor.browser.get(address)
    assert reply.status_code == 200
    text = reply.getvalue()
    if reply.streaming:
        reply.streaming_content = [text]  # it can be read once only
    assert_is_a_good_page(address, reply)
    return str(text.decode())


def months(scene: Scene) -> list[Month]:
    now = Month.of(timezone.now())
    return [now.previous.previous, now.previous, now]


def test_a_page_shows_the_month_its_sums_and_where_every_line_leads(scene: Scene) -> None:
    month = Month.of(scene.receipt.issued_at)
    page = read(scene.cast.buyer, f"/account/statement?month={month}")
    assert f"Statement of {month}" in page
    for text in ("Opening balance", "Balance so far", "Answer", "Top-up", "Shared influence<small>Together"):
        assert text in page, text
    assert f"/receipts/{scene.receipt.pk}" in page
    page = read(scene.cast.owner, f"/earnings/statement?month={month}&source={scene.alpine.slug}")
    assert "alpine-plants<small>answer to buyer</small>" in page
    assert "harbour-tides<small>" not in page


def test_the_printed_page_holds_every_line_and_the_same_sums(scene: Scene, monkeypatch) -> None:
    monkeypatch.setattr(statements, "SHOWN", 1)
    monkeypatch.setattr(statements, "A_BATCH", 2)
    for actor, section in ((scene.cast.buyer, "account"), (scene.cast.owner, "earnings")):
        query = f"month={Month.of(scene.receipt.issued_at)}"
        page = read(actor, f"/{section}/statement?{query}")
        printed = read(actor, f"/{section}/statement/print?{query}")
        whole = json.loads(b"".join(file(actor, section, "json", query)))
        assert f"First 1 of {whole['line_count']} lines" in page
        assert printed.count('data-label="Balance"') == whole["line_count"]
        assert printed.count("Closing balance") == 1
        assert all(
            f">{line['receipt_id']}</code>" in printed for line in whole["lines"] if line["receipt_id"]
        )
        assert "{{" not in printed
        assert statements.LINES_GO_HERE not in printed
        sums = re.compile(r'<table class="listed sums">.*?</table>', re.DOTALL)
        assert sums.findall(page) == sums.findall(printed)
        assert "app.css" in printed
        assert "statement.css" in printed


def file(actor: Actor, section: str, form: str, query: str) -> Any:
    reply = actor.browser.get(f"/{section}/statement.{form}?{query}")
    assert f"-{query[6:13]}.{form}" in reply["Content-Disposition"]
    return reply.streaming_content  # type: ignore[attr-defined]


def test_files_hold_what_the_page_says(scene: Scene) -> None:
    query = f"month={Month.of(scene.receipt.issued_at)}"
    for actor, section in ((scene.cast.buyer, "account"), (scene.cast.owner, "earnings")):
        whole = json.loads(b"".join(file(actor, section, "json", query)))
        text = b"".join(file(actor, section, "csv", query)).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(int(row["amount_micro_usd"] or 0) for row in rows) == whole["moved_micro_usd"]
        assert any(row["kind"] == "shared influence" for row in rows)


def test_the_summary_is_what_walking_all_lines_gives(scene: Scene) -> None:
    now = timezone.now() + timedelta(seconds=1)
    accounts = [scene.alpine.earnings_account_id, scene.tides.earnings_account_id]
    for month in months(scene):
        for statement in (
            of_consumer(wallet_id=scene.cast.buyer.organisation.wallet_account_id, month=month, now=now),
            of_owner(earnings_account_ids=accounts, month=month, now=now),
        ):
            list(statement.lines())
            walked = statement.totals
            summed = summarise(statement)
            assert summed.by_kind == walked.by_kind
            for field in (
                "charges_micro_usd", "floor_top_ups_micro_usd", "fee_micro_usd", "nano_nats",
                "shared_nano_nats", "measured_answers", "lines", "moved_micro_usd",
            ):  # fmt: skip
                assert getattr(summed, field) == getattr(walked, field), field


def test_the_last_closing_balance_is_the_wallets(scene: Scene) -> None:
    wallet = scene.cast.buyer.organisation.wallet_account_id
    statement = of_consumer(
        wallet_id=wallet, month=Month.of(timezone.now()), now=timezone.now() + timedelta(seconds=1)
    )
    summarise(statement)
    assert statement.closing_micro_usd == ledger.balance(wallet).posted


@pytest.mark.parametrize("rest", ["", "/print", ".csv", ".json"])
@pytest.mark.parametrize("section", ["account", "earnings"])
def test_a_month_that_is_none_is_said_in_words_with_what_to_do(cast: Cast, section: str, rest: str) -> None:
    for month, said in (
        ("2026-13", "is not a month"),
        ("2999-01", "has not begun yet"),
        ("=1", "not a month"),
    ):
        reply = cast.owner.browser.get(f"/{section}/statement{rest}", {"month": month})
        assert reply.status_code == 422
        assert said in reply.content.decode()
        assert_is_a_good_page(section, reply)


def test_other_organisations_sources_do_not_exist(scene: Scene) -> None:
    for actor in (scene.cast.buyer, scene.cast.second_owner, scene.cast.outsider):
        for rest in ("", "/print", ".csv", ".json"):
            reply = actor.browser.get(f"/earnings/statement{rest}?source={scene.alpine.slug}")
            assert reply.status_code == 404
        page = read(actor, "/earnings/statement/print")
        assert "alpine-plants" not in page


def test_an_empty_month_says_so(cast: Cast) -> None:
    assert "Nothing moved in" in read(cast.outsider, "/account/statement?month=2026-01")
    assert "Nothing moved in this month" in read(cast.outsider, "/earnings/statement/print?month=2026-01")


def test_a_final_month_says_so(cast: Cast) -> None:
    assert ">final<" in read(cast.outsider, "/account/statement?month=2026-01")
    current = f"{datetime.now(tz=timezone.get_current_timezone()):%Y-%m}"
    assert "not final: as of" in read(cast.outsider, f"/account/statement?month={current}")
