"""Writes holds and their ends on PostgreSQL: many in one call of a function (database_rules/functions).

The functions leave the disk to accounting/barrier.py. A refusal is given its words here from what the
function says; it must not decide one.
"""

from collections.abc import Iterable, Sequence

from django.db import DatabaseError, connection, transaction

from accounting import seating
from accounting.accounts import system_accounts
from accounting.errors import DomainError, Invalid
from accounting.identifiers import ordered_ids
from accounting.ledger import available
from accounting.models import Account, AccountKind
from accounting.movers.columns import Accounts, column, moments, texts, uuids
from accounting.movers.moves import Ended, EndHold, HoldPlaced, PlaceHold, Placing
from accounting.operations import canonical_json
from accounting.pricing import held_micro_usd
from accounting.terms import LARGEST, SeatTerms

PLACE = f"SELECT * FROM accounting_place({', '.join(['%s'] * 26)})"
SETTLE = f"SELECT accounting_settle({', '.join(['%s'] * 28)})"
SETTLE_DURABLY = f"CALL accounting_settle_durably({', '.join(['%s'] * 28)}, NULL)"
SYSTEM_KINDS = (AccountKind.PLATFORM_FEE, AccountKind.INFLUENCE_SPENT, AccountKind.SPEND_CAP_USED)


def place_all(moves: Sequence[PlaceHold]) -> list[Placing]:
    """Each is decided after those before it; what is refused has written nothing."""
    accounts = Accounts(
        budgets=(account for move in moves for seat in move.seats for account in seat.budget_account_ids),
        wallets=(move.wallet_id for move in moves),
        spend_caps=(account for move in moves for account in move.spend_cap_account_ids),
    )
    seats = [(number, seat) for number, move in enumerate(moves, start=1) for seat in move.seats]
    caps = _of(move.spend_cap_account_ids for move in moves)
    budgets = _of(sorted(seat.budget_account_ids) for _, seat in seats)
    arguments = (
        uuids(move.hold_id for move in moves),
        texts(move.digest for move in moves),
        accounts.places("wallet", (move.wallet_id for move in moves)),
        texts(str(sorted(move.spend_cap_account_ids)) for move in moves),
        column(move.fee_basis_points for move in moves),
        column(move.max_price_micro_usd for move in moves),
        texts(canonical_json(dict(move.detail)).decode() for move in moves),
        moments(move.now for move in moves),
        moments(move.expires_at for move in moves),
        column(of for of, _ in caps),
        accounts.places("spend_cap", (account for _, account in caps)),
        column(of for of, _ in seats),
        texts(seat.label for _, seat in seats),
        column(seat.earnings_account_id for _, seat in seats),
        texts(_budgets(seat) for _, seat in seats),
        column(seat.cap_nano_nats for _, seat in seats),
        column(seat.first_block_nano_nats for _, seat in seats),
        column(seat.price_micro_usd_per_nat for _, seat in seats),
        column(seat.floor_micro_usd for _, seat in seats),
        column(seat.ceiling_micro_usd for _, seat in seats),
        texts(seat.charged_by for _, seat in seats),
        column(min(held_micro_usd(seat, seat.cap_nano_nats), LARGEST) for _, seat in seats),
        column(of for of, _ in budgets),
        accounts.places("budget", (account for _, account in budgets)),
        column(accounts.ids),
        texts(accounts.kinds),
    )
    with connection.cursor() as cursor:
        cursor.execute(PLACE, arguments)
        outcome, refused, quote, refused_at = cursor.fetchone()
    told, first = [], 0
    for move, *said in zip(moves, outcome, quote, refused_at, strict=True):
        last = first + len(move.seats)
        told.append(Placing(said[0], tuple(refused[first:last]), int(said[1]), said[2]))
        first = last
    return told


def told(move: PlaceHold, placing: Placing) -> HoldPlaced | None:
    """What the caller is to know: who sits, None for a repeated id, or the refusal, raised."""
    if placing.outcome == "repeated":
        return None
    if placing.outcome == "placed":
        return HoldPlaced(placing.refused, placing.quote_micro_usd)
    raise _refusal(move, placing)


def _refusal(move: PlaceHold, placing: Placing) -> DomainError:
    quote, where = placing.quote_micro_usd, placing.refused_at
    if placing.outcome == "price":
        assert where is not None
        return seating.price_refused(quote, where)
    with transaction.atomic():
        seating.require_accounts(
            wallet_id=move.wallet_id, spend_cap_account_ids=move.spend_cap_account_ids, terms=move.seats
        )
    if placing.outcome == "money":
        account = Account.objects.get(pk=where or 0)
        return seating.money_refused(account, quote, available(account) or 0)
    return Invalid("An account that this hold names does not exist.")


def settle(move: EndHold) -> Ended:
    """In the caller's transaction, whose end is not waited for here."""
    return _settled([move], SETTLE)[0]


def settle_durably(moves: Sequence[EndHold]) -> list[Ended]:
    """Each by itself: what is not settled has written nothing, what is settled is on disk."""
    return _settled(moves, SETTLE if connection.in_atomic_block else SETTLE_DURABLY)


def _settled(moves: Sequence[EndHold], statement: str) -> list[Ended]:
    ended = _run(moves, statement)
    if Ended.UNPREPARED in ended:  # the first settlement of all
        system_accounts(SYSTEM_KINDS)
        ended = _run(moves, statement)
    return ended


def _run(moves: Sequence[EndHold], statement: str) -> list[Ended]:
    holds = [move.placed_on for move in moves]
    accounts = Accounts(
        budgets=(account for hold in holds for seat in hold.seats for account in seat.budget_account_ids),
        wallets=(hold.wallet_id for hold in holds),
        spend_caps=(account for hold in holds for account in hold.spend_cap_account_ids),
    )
    seats = [
        (number, seat, line)
        for number, move in enumerate(moves, start=1)
        for seat, line in zip(move.placed_on.seats, move.settled.lines, strict=True)
    ]
    caps = _of(hold.spend_cap_account_ids for hold in holds)
    budgets = _of(sorted(seat.budget_account_ids) for _, seat, _ in seats)
    arguments = (
        uuids(hold.hold_id for hold in holds),
        uuids(move.settled.receipt_id for move in moves),
        texts(move.digest for move in moves),
        moments(move.now for move in moves),
        texts(move.state for move in moves),
        texts(move.reason for move in moves),
        column(move.tokens_drawn for move in moves),
        column(move.tokens_delivered for move in moves),
        column(move.settled.fee_micro_usd for move in moves),
        column(move.settled.total_micro_usd for move in moves),
        column(move.shared_nano_nats for move in moves),
        texts(move.jws for move in moves),
        accounts.places("wallet", (hold.wallet_id for hold in holds)),
        texts(str(list(hold.spend_cap_account_ids)) for hold in holds),
        column(of for of, _ in caps),
        accounts.places("spend_cap", (account for _, account in caps)),
        column(of for of, _, _ in seats),
        texts(line.label for _, _, line in seats),
        column(seat.earnings_account_id for _, seat, _ in seats),
        texts(_budgets(seat) for _, seat, _ in seats),
        column(line.drawn_nano_nats for _, _, line in seats),
        column(line.charged_nano_nats for _, _, line in seats),
        column(line.charge_micro_usd for _, _, line in seats),
        column(line.floor_top_up_micro_usd for _, _, line in seats),
        column(of for of, _ in budgets),
        accounts.places("budget", (account for _, account in budgets)),
        column(accounts.ids),
        uuids(ordered_ids(len(budgets) + len(seats) + len(holds) + len(caps))),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return [Ended(one) for one in cursor.fetchone()[0]]


def _of(groups: Iterable[Iterable[int]]) -> list[tuple[int, int]]:
    """Every account beside the number of the group that it belongs to, counted from 1."""
    return [(number, account) for number, group in enumerate(groups, start=1) for account in group]


def _budgets(seat: SeatTerms) -> str:
    """As the column of the line spells them."""
    return str(sorted(seat.budget_account_ids))


def is_repeated(error: DatabaseError) -> bool:
    """Another call with one of these ids won the race; this one was undone."""
    return getattr(error.__cause__, "pgcode", None) == "BX409"
