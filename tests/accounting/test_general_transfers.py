"""Post, hold, post held, void, expire, linked: what moves, what is refused, and what a repeat does."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounting import ledger, transfers
from accounting.check import check
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import Phase, Transfer
from accounting.transfers import HoldStep, PostHeldStep, PostStep, VoidStep
from tests.accounting.conftest import NOW

pytestmark = [pytest.mark.books, pytest.mark.django_db]
HOUR = timedelta(hours=1)


@pytest.fixture
def books(market):
    """A wallet with 1,000,000 micro-USD and an owner's earnings; sound before and after every test."""
    yield market
    checked = check(now=NOW)
    assert checked.sound, checked


def to_funding(books, amount, **changes):
    """A step from the wallet back to where money comes from."""
    return PostStep(books.wallet, funding(), amount, **changes)


def funding():
    from accounting.accounts import AccountKind, system_accounts

    return system_accounts((AccountKind.FUNDING,))[AccountKind.FUNDING]


def held(books, amount, **changes):
    step = HoldStep(books.wallet, funding(), amount, **changes)
    return transfers.hold(operation_id=uuid.uuid4(), step=step, now=NOW)


def post_held(pending_id, amount=None, **changes):
    chosen = {"operation_id": uuid.uuid4(), "now": NOW, **changes}
    return transfers.post_held(pending_id=pending_id, amount=amount, **chosen)


def void(pending_id, **changes):
    return transfers.void(pending_id=pending_id, **{"operation_id": uuid.uuid4(), "now": NOW, **changes})


def wallet(books):
    return ledger.balance(books.wallet)


def test_a_post_moves_at_once(books):
    transfers.post(operation_id=uuid.uuid4(), step=to_funding(books, 300), now=NOW)
    assert wallet(books) == ledger.Balance(999_700, 0, 999_700)


def test_a_hold_reserves_and_moves_nothing(books):
    held(books, 300)
    assert wallet(books) == ledger.Balance(1_000_000, 300, 999_700)


@pytest.mark.parametrize(("amount", "left"), [(None, 999_700), (300, 999_700), (120, 999_880)])
def test_posting_all_or_a_part_of_a_hold_releases_the_rest(books, amount, left):
    post_held(held(books, 300), amount)
    assert wallet(books) == ledger.Balance(left, 0, left)


def test_a_voided_hold_gives_everything_back(books):
    void(held(books, 300))
    assert wallet(books) == ledger.Balance(1_000_000, 0, 1_000_000)


def test_more_than_is_held_is_never_posted(books):
    pending = held(books, 300)
    with pytest.raises(Conflict) as refused:
        post_held(pending, 301)
    assert refused.value.code == "above_hold"
    assert wallet(books).pending == 300


@pytest.mark.parametrize(
    ("first", "code"), [(post_held, "already_posted"), (void, "already_returned")], ids=["posted", "voided"]
)
@pytest.mark.parametrize("second", [post_held, void], ids=["post", "void"])
def test_a_hold_ends_once(books, first, code, second):
    pending = held(books, 300)
    first(pending)
    with pytest.raises(Conflict) as refused:
        second(pending)
    assert refused.value.code == code


def test_what_is_not_there_cannot_be_resolved(books):
    with pytest.raises(NotFound):
        void(uuid.uuid4())


def test_what_an_answer_holds_is_not_resolved_here(books):
    books.place(books.terms("a"))
    pending = Transfer.objects.filter(phase=Phase.PENDING).first()
    if pending is not None:  # holds of answers may be kept otherwise than as transfers
        with pytest.raises(NotFound):
            void(pending.pk)


def test_a_posted_transfer_is_no_hold(books):
    moved = transfers.post(operation_id=uuid.uuid4(), step=to_funding(books, 300), now=NOW)
    with pytest.raises(NotFound):
        post_held(moved)


def test_funds_are_refused_with_what_is_left(books):
    held(books, 999_999)
    with pytest.raises(Conflict, match="has 1 left, not 2") as refused:
        held(books, 2)
    assert refused.value.code == "insufficient_funds"


def test_a_hold_runs_out_exactly_at_its_end(books):
    pending = held(books, 300, expires_after=HOUR)
    assert transfers.expire_due(now=NOW + HOUR - timedelta(microseconds=1)) == 0
    assert transfers.expire_due(now=NOW + HOUR) == 1
    assert transfers.expire_due(now=NOW + HOUR) == 0
    assert wallet(books) == ledger.Balance(1_000_000, 0, 1_000_000)
    assert Transfer.objects.get(pending=pending).phase == Phase.EXPIRE


@pytest.mark.parametrize("late", [post_held, void])
def test_what_has_run_out_is_neither_posted_nor_voided_even_before_upkeep_came(books, late):
    pending = held(books, 300, expires_after=HOUR)
    with pytest.raises(Conflict) as refused:
        late(pending, now=NOW + HOUR)
    assert refused.value.code == "transfer_expired"


def test_what_was_posted_in_time_does_not_expire(books):
    post_held(held(books, 300, expires_after=HOUR))
    assert transfers.expire_due(now=NOW + HOUR) == 0


def test_a_hold_without_an_end_does_not_expire(books):
    held(books, 300)
    assert transfers.expire_due(now=NOW + 10_000 * HOUR) == 0


def test_linked_transfers_of_every_kind_happen_together(books):
    kept, dropped = held(books, 100), held(books, 200)
    steps = [
        to_funding(books, 7),
        PostHeldStep(kept, 60),
        VoidStep(dropped),
        HoldStep(books.wallet, funding(), 9),
    ]
    ids = transfers.linked(operation_id=uuid.uuid4(), steps=steps, now=NOW)
    assert [Transfer.objects.get(pk=one).phase for one in ids] == [
        "posted",
        "post_pending",
        "void",
        "pending",
    ]
    assert wallet(books) == ledger.Balance(1_000_000 - 67, 9, 1_000_000 - 76)


def test_when_one_linked_transfer_fails_none_happens_and_the_first_failure_is_named(books):
    pending = held(books, 100)
    steps = [to_funding(books, 7), PostHeldStep(pending), to_funding(books, 999_894), VoidStep(uuid.uuid4())]
    with pytest.raises(Conflict, match="has 999893 left, not 999894") as refused:
        transfers.linked(operation_id=uuid.uuid4(), steps=steps, now=NOW)
    assert refused.value.extra["step"] == 2
    assert wallet(books) == ledger.Balance(1_000_000, 100, 999_900)


def test_the_same_id_and_content_gives_the_first_outcome(books):
    operation_id = uuid.uuid4()
    first = transfers.post(operation_id=operation_id, step=to_funding(books, 300), now=NOW)
    later = transfers.post(operation_id=operation_id, step=to_funding(books, 300), now=NOW + HOUR)
    assert later == first
    assert wallet(books).posted == 999_700


@pytest.mark.parametrize("change", [{"amount": 301}, {"label": "other"}, {"detail": {"why": "other"}}])
def test_the_same_id_with_other_content_is_a_conflict(books, change):
    operation_id = uuid.uuid4()
    transfers.post(operation_id=operation_id, step=to_funding(books, 300), now=NOW)
    with pytest.raises(Conflict, match="already used"):
        transfers.post(
            operation_id=operation_id, step=to_funding(books, **{"amount": 300, **change}), now=NOW
        )


def test_a_retry_never_changes_a_refusal(books):
    pending, operation_id = held(books, 1_000_000), uuid.uuid4()
    with pytest.raises(Conflict) as first:
        transfers.post(operation_id=operation_id, step=to_funding(books, 300), now=NOW)
    void(pending)  # now it would go through, but the outcome stands
    with pytest.raises(Conflict) as again:
        transfers.post(operation_id=operation_id, step=to_funding(books, 300), now=NOW)
    for name in ("detail", "code", "extra"):
        assert getattr(again.value, name) == getattr(first.value, name)
    assert wallet(books).posted == 1_000_000


def test_a_malformed_request_leaves_its_id_free(books):
    operation_id = uuid.uuid4()
    for amount in (0, -1, True, 1.5, 2**63):
        with pytest.raises(Invalid):
            transfers.post(operation_id=operation_id, step=to_funding(books, amount), now=NOW)
    transfers.post(operation_id=operation_id, step=to_funding(books, 300), now=NOW)


@pytest.mark.parametrize(
    "steps",
    [
        lambda _books: [],
        lambda books: [PostStep(books.wallet, books.wallet, 1)],
        lambda books: [PostStep(books.wallet, books.owners["a"].budget, 1)],
        lambda books: [HoldStep(books.wallet, funding(), 1, expires_after=timedelta(0))],
        lambda books: [to_funding(books, 1, label="x" * 201)],
        lambda books: [to_funding(books, 1)] * 1_001,
    ],
    ids=["nothing", "one account", "two assets", "no time", "long label", "too many"],
)
def test_what_no_books_could_hold_is_invalid(books, steps):
    with pytest.raises(Invalid):
        transfers.linked(operation_id=uuid.uuid4(), steps=steps(books), now=NOW)


def test_one_hold_cannot_be_resolved_twice_in_one_call(books):
    pending = held(books, 100)
    with pytest.raises(Invalid):
        transfers.linked(operation_id=uuid.uuid4(), steps=[PostHeldStep(pending), VoidStep(pending)], now=NOW)


def test_an_unknown_account_is_not_found(books):
    with pytest.raises(NotFound):
        transfers.post(operation_id=uuid.uuid4(), step=PostStep(books.wallet, 999_999, 1), now=NOW)


def test_the_database_does_not_let_a_hold_be_posted_after_its_end(books):
    pending = Transfer.objects.get(pk=held(books, 300, expires_after=HOUR))
    with pytest.raises(IntegrityError, match="rule 3"), transaction.atomic():
        resolve_by_hand(pending, Phase.POST_PENDING, NOW + HOUR)


def test_the_database_does_not_let_a_hold_expire_before_its_end(books):
    pending = Transfer.objects.get(pk=held(books, 300, expires_after=HOUR))
    with pytest.raises(IntegrityError, match="rule 6"), transaction.atomic():
        resolve_by_hand(pending, Phase.EXPIRE, NOW)


def resolve_by_hand(pending, phase, now):
    Transfer.objects.create(
        operation=pending.operation, phase=phase, asset=pending.asset, amount=pending.amount, pending=pending,
        debit_account=pending.debit_account, credit_account=pending.credit_account,
        pending_amount=pending.amount, created_at=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE accounting_transfer SET expires_at = NULL WHERE phase = 'pending'", 6),
        ("UPDATE accounting_transfer SET amount = 200 WHERE reverses_id IS NOT NULL", 3),
        ("UPDATE accounting_transfer SET debit_account_id = {elsewhere} WHERE reverses_id IS NOT NULL", 3),
    ],
)
def test_ledger_check_names_a_tampered_general_transfer(market, statement, rule):
    from accounting.database_rules import installation

    held(market, 300, expires_after=HOUR)
    transfers.expire_due(now=NOW + HOUR)
    moved = transfers.post(operation_id=uuid.uuid4(), step=to_funding(market, 100), now=NOW)
    back = PostStep(funding(), market.wallet, 50, reverses=moved)
    transfers.post(operation_id=uuid.uuid4(), step=back, now=NOW)
    assert check(now=NOW).sound
    installation.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement.format(elsewhere=market.owners["a"].earnings))
    installation.install(connection)
    assert rule in {breach.rule for breach in check(now=NOW).breaches}
