"""A month of an account: opening + lines = closing, nothing missing, owners get what is paid less fees."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounting import keyset, ledger, monthly_statements, transfers, wallets
from accounting.accounts import AccountKind, system_accounts
from accounting.errors import Invalid
from accounting.models import Receipt, Transfer
from accounting.periods import Month
from accounting.settled import Usage
from accounting.statement_lines import Window, of_earnings, of_wallet
from accounting.steps import PostStep
from tests.accounting.conftest import NAT, open_market, settle

pytestmark = [pytest.mark.books, pytest.mark.django_db]

MAY = Month(2026, 5)
START = MAY.since
LATER = datetime(2026, 7, 1, tzinfo=UTC)


def answer(market, at, *, shared=None, **nats):
    """An answer that rested on these owners, so many nats each."""
    placed = market.place(
        *(market.terms(label) for label in nats), now=at, expires_at=at + timedelta(minutes=9)
    )
    usage = [Usage(label, value * NAT, value * NAT) for label, value in nats.items()]
    return settle(placed.hold_id, usage, now=at, receipt=lambda _: {"shared_nats": shared})


def top_up(market, amount, at):
    wallets.top_up(
        wallet_id=market.wallet, amount_micro_usd=amount, operation_id=uuid.uuid4(),
        acting_user_label="tests", now=at,
    )  # fmt: skip


def move(debit, credit, amount, at, label):
    """A movement of whatever kind."""
    entry = transfers.PostStep(debit, credit, amount, label=label)
    transfers.linked(operation_id=uuid.uuid4(), kind="something_new", steps=(entry,), now=at)


@pytest.fixture
def market():
    """An April, a May and a June: answers, a top-up, a payout, and a kind that nobody has thought of."""
    market = open_market()
    funding = system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]
    answer(market, START - timedelta(seconds=1), a=1)
    top_up(market, 500, START)
    answer(market, START, shared=0.25, a=2, b=3)
    answer(market, START + timedelta(days=3), shared=-0.75, b=1)
    answer(market, START + timedelta(days=4), c=2)
    move(market.owners["a"].earnings, funding, 17, START + timedelta(days=5), "payout")
    move(market.wallet, funding, 5, START + timedelta(days=6), "a kind of tomorrow")
    move(funding, market.wallet, 2, START + timedelta(days=6), "")
    answer(market, MAY.until - timedelta(microseconds=1), a=1)
    answer(market, MAY.until, a=4)
    return market


def paid(market, month=MAY, now=LATER):
    statement = monthly_statements.of_consumer(wallet_id=market.wallet, month=month, now=now)
    return statement, list(statement.lines())


def earned(market, *labels, month=MAY, now=LATER):
    accounts = [market.owners[label].earnings for label in labels]
    statement = monthly_statements.of_owner(earnings_account_ids=accounts, month=month, now=now)
    return statement, list(statement.lines())


def test_opening_and_lines_make_the_closing_balance_and_months_join(market):
    balances = []
    for month in (MAY.previous, MAY, MAY.next):
        statement, lines = paid(market, month)
        assert statement.opening_micro_usd + sum(line.amount_micro_usd for line, _ in lines) == (
            statement.closing_micro_usd
        )
        assert [balance for _, balance in lines][-1:] in ([], [statement.closing_micro_usd])
        balances.append((statement.opening_micro_usd, statement.closing_micro_usd))
    assert balances[0][1] == balances[1][0]
    assert balances[1][1] == balances[2][0]
    assert balances[2][1] == ledger.balance(market.wallet).posted


def test_every_movement_is_on_it_under_its_own_label(market):
    statement, lines = paid(market)
    assert [line.kind for line, _ in lines] == [
        "answer", "top-up", "top-up", "answer", "answer", "something new", "a kind of tomorrow", "answer",
    ]  # fmt: skip
    assert {kind: total.lines for kind, total in statement.totals.by_kind.items()} == {
        "answer": 4, "top-up": 2, "a kind of tomorrow": 1, "something new": 1,
    }  # fmt: skip
    assert [line.at for line, _ in lines] == sorted(line.at for line, _ in lines)


def test_every_answer_leads_to_its_receipt_and_every_other_line_to_its_transfer(market):
    for _, lines in (paid(market), earned(market, "a", "b", "c")):
        for line, _ in lines:
            if line.kind == "answer":
                assert Receipt.objects.filter(pk=line.receipt_id).exists()
            else:
                assert Transfer.objects.filter(pk=line.transfer_id, label=line.kind).exists() or (
                    line.kind == "something new"
                )


def test_what_takes_an_answer_back_leads_to_the_answers_receipt(market):
    paid_for = Receipt.objects.filter(wallet_id=market.wallet, issued_at=START).get()
    earned_by_a = Transfer.objects.get(
        hold_id=paid_for.hold_id, credit_account_id=market.owners["a"].earnings, phase="posted"
    )
    back = PostStep(
        debit_account_id=earned_by_a.credit_account_id, credit_account_id=market.wallet, amount=9,
        label="refund", reverses=earned_by_a.pk,
    )  # fmt: skip
    transfers.linked(operation_id=uuid.uuid4(), steps=[back], now=START + timedelta(days=9))
    for _, lines in (paid(market), earned(market, "a")):
        (refund,) = [line for line, _ in lines if line.kind == "refund"]
        assert (refund.receipt_id, refund.reverses_id) == (paid_for.pk, earned_by_a.pk)
        assert abs(refund.amount_micro_usd) == 9


def test_owners_together_earned_what_the_consumer_paid_less_the_fee(market):
    consumer, _ = paid(market)
    owners, _ = earned(market, "a", "b", "c")
    answers = consumer.totals.by_kind["answer"]
    assert owners.totals.by_kind["answer"].amount_micro_usd == -answers.amount_micro_usd - (
        consumer.totals.fee_micro_usd
    )
    assert consumer.totals.charges_micro_usd == owners.totals.by_kind["answer"].amount_micro_usd
    each = [earned(market, label)[0] for label in "abc"]
    assert sum(one.closing_micro_usd for one in each) == owners.closing_micro_usd
    assert sum(one.opening_micro_usd for one in each) == owners.opening_micro_usd


def test_an_owners_closing_balance_is_what_the_ledger_says(market):
    for label, owner in market.owners.items():
        statement, _ = earned(market, label, month=MAY.next)
        assert statement.closing_micro_usd == ledger.balance(owner.earnings).posted


def test_shared_influence_counts_each_answer_once_and_is_absent_where_nothing_was_measured(market):
    consumer, _ = paid(market)
    owners, _ = earned(market, "a", "b", "c")
    assert consumer.totals.shared_nano_nats == owners.totals.shared_nano_nats == -NAT // 2
    assert consumer.totals.measured_answers == owners.totals.measured_answers == 2
    assert earned(market, "a")[0].totals.shared_nano_nats == NAT // 4
    assert earned(market, "c")[0].totals.shared_nano_nats is None


def test_what_arrives_after_it_was_opened_is_not_on_it(market):
    now = START + timedelta(days=10)
    statement = monthly_statements.of_consumer(wallet_id=market.wallet, month=MAY, now=now)
    reading = statement.lines()
    first = next(reading)
    top_up(market, 40, now)
    answer(market, now + timedelta(seconds=1), a=1)
    rest = list(reading)
    assert {line.kind for line, _ in [first, *rest]} == {
        "answer", "top-up", "a kind of tomorrow", "something new",
    }  # fmt: skip
    assert all(line.at < now for line, _ in rest)
    assert not statement.final
    again, lines = paid(market, now=now + timedelta(minutes=1))
    assert again.closing_micro_usd == statement.closing_micro_usd + sum(
        line.amount_micro_usd for line, _ in lines if line.at >= now
    )
    assert paid(market)[0].final


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
def test_pages_of_any_size_give_the_same_lines(market, page, monkeypatch):
    whole = [line for line, _ in paid(market)[1]]
    owners = [line for line, _ in earned(market, "a", "b", "c")[1]]
    monkeypatch.setattr(keyset, "A_PAGE", page)
    window = Window(MAY.since, MAY.until)
    assert list(of_wallet(market.wallet, window, page=page)) == whole
    accounts = [owner.earnings for owner in market.owners.values()]
    assert list(of_earnings(accounts, window, page=page)) == owners


def test_lines_of_one_moment_are_neither_lost_nor_repeated_at_the_end_of_a_page(market):
    at = START + timedelta(days=20)
    for amount in range(1, 8):
        top_up(market, amount, at)
    window = Window(at, at + timedelta(seconds=1))
    for size in (1, 2, 3, 7, 8):
        lines = list(of_wallet(market.wallet, window, page=size))
        assert sorted(line.amount_micro_usd for line in lines) == list(range(1, 8))


def test_a_month_that_has_not_begun_is_refused(market):
    with pytest.raises(Invalid, match="has not begun") as refused:
        paid(market, Month(2026, 8), now=LATER)
    assert refused.value.code == "month_not_begun"


def test_the_number_of_queries_does_not_grow_with_anybodys_rows(market):
    def queries():
        with CaptureQueriesContext(connection) as context:
            paid(market)
            earned(market, "a", "b", "c")
        return len(context)

    before = queries()
    other = open_market()
    for day in range(6):
        answer(market, START + timedelta(days=7, hours=day), a=1, b=1)
        answer(other, START + timedelta(days=7, hours=day), a=1)
    assert queries() == before


@given(st.integers(2000, 9998), st.integers(1, 12))
def test_a_month_can_be_read_back_and_joins_its_neighbours(year, number):
    month = Month(year, number)
    assert Month.parse(str(month)) == Month.of(month.since) == month
    assert Month.of(month.until - timedelta(microseconds=1)) == month
    assert month.next.previous == month == month.previous.next
    assert month.previous.until == month.since


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-00", "26-01", "2026-1", "2026-01-01", "٢٠٢٦-٠١", "1999-12", "9999-01", "x"]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(Invalid) as refused:
        Month.parse(text)
    assert refused.value.code == "invalid_month"
