"""Monthly statements over the API: who may read which, JSON and CSV that agree, and nothing that runs."""

import csv
import io
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient
from django.utils import timezone

from accounting import ledger, statements, transfers
from accounting.accounts import AccountKind, system_accounts
from marketplace import tables
from tests.api.reading import problem
from tests.booking import answer, top_up
from tests.builders import live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]

PAID, EARNED = "/v1/account/statement", "/v1/earnings/statement"
OF_SOURCE = "/v1/sources/almanac/earnings/statement"


@pytest.fixture
def month(cast):
    """Two sources of one owner, one of another; answers in this month and before; the text of this month."""
    now = timezone.now()
    live_source(cast.owner, "almanac")
    live_source(cast.owner, "atlas", price_micro_usd_per_nat=33)
    live_source(cast.second_owner, "essays")
    top_up(cast.buyer, 10_000)
    answer(cast.buyer, "almanac", 3)
    answer(cast.buyer, "atlas", 4)
    answer(cast.buyer, "essays", 5)
    answer(cast.buyer, "almanac", 1, now=now - timedelta(days=now.day + 2))
    return f"{timezone.now():%Y-%m}"


def body(actor, address, **query):
    reply = actor.api.get(address, query)
    assert reply.status_code == 200, reply.getvalue()
    return json.loads(reply.getvalue())


def rows(actor, address, **query):
    reply = actor.api.get(address, {**query, "format": "csv"})
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(reply.getvalue().decode())))


def test_a_consumers_statement_adds_up_and_ends_at_the_balance(cast, month):
    found = body(cast.buyer, PAID, month=month)
    moved = sum(line["amount_micro_usd"] for line in found["lines"])
    assert moved == found["moved_micro_usd"] == sum(one["amount_micro_usd"] for one in found["totals"])
    assert found["opening_balance_micro_usd"] + moved == found["closing_balance_micro_usd"]
    assert found["closing_balance_micro_usd"] == cast.buyer.api.get("/v1/account").json()["balance_micro_usd"]
    assert found["opening_balance_micro_usd"] == -21
    assert [line["kind"] for line in found["lines"]] == ["top-up", "answer", "answer", "answer"]
    assert (found["time_zone"], found["unit"], found["final"]) == ("UTC", "micro_usd", False)
    assert found["from"] == f"{month}-01T00:00:00Z"
    assert found["line_count"] == len(found["lines"]) == sum(one["lines"] for one in found["totals"])


def test_every_line_of_an_answer_leads_to_its_receipt(cast, month):
    for actor, address in ((cast.buyer, PAID), (cast.owner, EARNED), (cast.owner, OF_SOURCE)):
        found = body(actor, address, month=month)
        answers = [line for line in found["lines"] if line["kind"] == "answer"]
        assert answers
        for line in answers:
            assert line["receipt"] == f"/v1/receipts/{line['receipt_id']}"
            assert actor.api.get(line["receipt"]).status_code == 200
        assert all(line["transfer_id"] for line in found["lines"] if line["kind"] != "answer")


def test_owners_earned_what_the_consumer_paid_less_the_fee(cast, month):
    paid = body(cast.buyer, PAID, month=month)
    earned = [
        body(actor, EARNED, month=month)["moved_micro_usd"] for actor in (cast.owner, cast.second_owner)
    ]
    (answers,) = [one for one in paid["totals"] if one["kind"] == "answer"]
    assert sum(earned) == -answers["amount_micro_usd"] - paid["answers"]["fee_micro_usd"]
    assert sum(earned) == paid["answers"]["charges_micro_usd"] == 60 + 132 + 100


def test_the_sources_of_an_organisation_sum_to_its_own_statement(cast, month):
    whole = body(cast.owner, EARNED, month=month)
    parts = [
        body(cast.owner, f"/v1/sources/{slug}/earnings/statement", month=month)
        for slug in ("almanac", "atlas")
    ]
    for field in ("opening_balance_micro_usd", "moved_micro_usd", "closing_balance_micro_usd", "line_count"):
        assert whole[field] == sum(part[field] for part in parts)
    assert {line["source"] for line in whole["lines"]} == {"almanac", "atlas"}
    assert {line["consumer"] for line in whole["lines"]} == {"buyer"}
    assert [part["source"] for part in parts] == ["almanac", "atlas"]
    page = cast.owner.api.get("/v1/sources/almanac/earnings", {"month": month}).json()
    assert page["earned_micro_usd"] == parts[0]["moved_micro_usd"]


def test_json_and_csv_say_the_same(cast, month):
    for actor, address in ((cast.buyer, PAID), (cast.owner, EARNED)):
        found, table = body(actor, address, month=month), rows(actor, address, month=month)
        opening, *lines, closing = table
        assert (opening["kind"], closing["kind"]) == ("opening balance", "closing balance")
        assert int(opening["balance_micro_usd"]) == found["opening_balance_micro_usd"]
        assert int(closing["balance_micro_usd"]) == found["closing_balance_micro_usd"]
        assert sum(int(row["amount_micro_usd"] or 0) for row in table) == found["moved_micro_usd"]
        for row, line in zip(lines, found["lines"], strict=True):
            assert row["receipt_id"] == (line["receipt_id"] or "")
            assert (row["kind"], int(row["amount_micro_usd"])) == (line["kind"], line["amount_micro_usd"])
            assert int(row["balance_micro_usd"]) == line["balance_micro_usd"]


def test_a_payout_and_a_refund_are_on_the_owners_statement(cast, month):
    (account,) = cast.owner.organisation.sources.filter(slug="almanac").values_list(
        "earnings_account_id", flat=True
    )
    funding = system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]
    entry = transfers.PostStep(account, funding, 11, label="payout")
    transfers.linked(operation_id=uuid.uuid4(), kind="payout", steps=(entry,), now=timezone.now())
    found = body(cast.owner, OF_SOURCE)
    assert {one["kind"]: one["amount_micro_usd"] for one in found["totals"]} == {"answer": 60, "payout": -11}
    assert found["closing_balance_micro_usd"] == ledger.balance(account).posted
    statement = statements.earnings(earnings_account_ids=[account])
    assert found["closing_balance_micro_usd"] == statement.total_micro_usd - 11


def test_nobody_reads_what_is_not_theirs(cast, month):
    for other in (cast.second_owner, cast.buyer, cast.outsider, cast.operator):
        problem(other.api.get(OF_SOURCE), 404, "not_found")
    assert body(cast.outsider, PAID)["lines"] == body(cast.outsider, EARNED)["lines"] == []
    assert {line["source"] for line in body(cast.second_owner, EARNED)["lines"]} == {"essays"}
    for address in (PAID, EARNED, OF_SOURCE):
        problem(cast.stranger.get(address), 401, "unauthenticated")
    problem(cast.buyer.key_for("answers").get(PAID), 403, "permission_denied")
    problem(cast.owner.key_for("account").get(EARNED), 403, "permission_denied")


@pytest.mark.parametrize("address", [PAID, EARNED])
@pytest.mark.parametrize(
    ("asked", "code"),
    [("2026-13", "invalid_month"), ("may", "invalid_month"), ("2999-01", "month_not_begun")],
)
@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_month_that_cannot_be_stated_is_refused_before_anything_is_sent(cast, address, asked, code, form):
    problem(cast.buyer.api.get(address, {"month": asked, "format": form}), 422, code)


def test_an_empty_month_is_a_statement_too(cast):
    found = body(cast.outsider, PAID, month="2026-01")
    assert (found["lines"], found["totals"], found["shared_influence"]) == ([], [], None)
    assert found["opening_balance_micro_usd"] == found["closing_balance_micro_usd"] == 0
    assert found["final"]
    assert [row["kind"] for row in rows(cast.outsider, PAID, month="2026-01")] == [
        "opening balance",
        "closing balance",
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=HYPERLINK(...)", "＝1+1", "\n=1"]
)
def test_text_that_a_spreadsheet_would_run_is_shown_instead(text):
    assert tables.cell(text) == f"'{text}"
    written = "".join(tables.lines(["what"], [{"what": text}]))
    assert next(csv.DictReader(io.StringIO(written, newline="")))["what"] == f"'{text}"


def test_numbers_stay_numbers_and_plain_text_stays_as_it_is():
    assert [tables.cell(value) for value in (-5, 0, -0.5, "almanac", "a=b", "", None, ["a", "b"])] == [
        -5, 0, -0.5, "almanac", "a=b", "", "", "a b",
    ]  # fmt: skip


def test_labels_of_movements_cannot_carry_a_formula_into_the_file(cast):
    funding = system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]
    wallet = cast.buyer.organisation.wallet_account_id
    entry = transfers.PostStep(funding, wallet, 1, label="=cmd|' /C calc'!A0")
    transfers.linked(operation_id=uuid.uuid4(), kind="odd", steps=(entry,), now=timezone.now())
    _, row, _ = rows(cast.buyer, PAID)
    assert row["kind"].startswith("'=cmd")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("work_is_noted")
def test_under_asgi_it_is_sent_piece_by_piece_and_says_the_same(cast, month, monkeypatch):
    monkeypatch.setattr("marketplace.streaming.PIECE", 200)
    seen: list[str] = []

    async def read():
        reply: Any = await AsyncClient().get(
            PAID, {"month": month}, headers={"Authorization": f"Bearer {cast.buyer.key}"}
        )
        assert reply.is_async
        async for piece in reply.streaming_content:
            seen.append(piece.decode())

    async_to_sync(read)()
    assert len(seen) > 3
    whole = json.loads("".join(seen))
    assert whole["lines"] == body(cast.buyer, PAID, month=month)["lines"]
