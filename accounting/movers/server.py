"""Writes holds and their ends on PostgreSQL, one call of a server function each (database_rules/functions).

The functions leave the disk to accounting/barrier.py. A refusal is given its words here from what the
function says; it must not decide one.
"""

import json
from collections.abc import Iterable

from django.db import DatabaseError, connection, transaction

from accounting import seating, shared_influence, signing
from accounting.accounts import system_accounts
from accounting.errors import Invalid
from accounting.identifiers import ordered_ids
from accounting.ledger import available
from accounting.models import Account, AccountKind
from accounting.movers.moves import Ended, EndHold, HoldPlaced, PlaceHold
from accounting.operations import canonical_json
from accounting.pricing import held_micro_usd
from accounting.terms import LARGEST

PLACE = f"SELECT * FROM accounting_place({', '.join(['%s'] * 21)})"
SETTLE = f"SELECT accounting_settle({', '.join(['%s'] * 18)})"
SYSTEM_KINDS = (AccountKind.PLATFORM_FEE, AccountKind.INFLUENCE_SPENT, AccountKind.SPEND_CAP_USED)


def place(move: PlaceHold) -> HoldPlaced | None:
    seats = move.seats
    budgets = sorted(
        (account_id, place)
        for place, seat in enumerate(seats, start=1)
        for account_id in seat.budget_account_ids
    )
    arguments = (
        str(move.hold_id),
        move.digest,
        move.wallet_id,
        _numbers(sorted(move.spend_cap_account_ids)),
        move.fee_basis_points,
        move.max_price_micro_usd,
        canonical_json(dict(move.detail)).decode(),
        move.now,
        move.expires_at,
        _texts(seat.label for seat in seats),
        _numbers(seat.earnings_account_id for seat in seats),
        json.dumps([sorted(seat.budget_account_ids) for seat in seats]),
        _numbers(seat.cap_nano_nats for seat in seats),
        _numbers(seat.first_block_nano_nats for seat in seats),
        _numbers(seat.price_micro_usd_per_nat for seat in seats),
        _numbers(seat.floor_micro_usd for seat in seats),
        _numbers(seat.ceiling_micro_usd for seat in seats),
        _texts(seat.charged_by for seat in seats),
        _numbers(min(held_micro_usd(seat, seat.cap_nano_nats), LARGEST) for seat in seats),
        _numbers(account_id for account_id, _ in budgets),
        _numbers(place for _, place in budgets),
    )
    with connection.cursor() as cursor:
        cursor.execute(PLACE, arguments)
        repeated, refused, held = cursor.fetchone()
    return None if repeated else HoldPlaced(tuple(refused), held)


def settle(move: EndHold) -> Ended:
    ended = _settle(move)
    if ended == Ended.UNPREPARED:  # the first settlement of all
        system_accounts(SYSTEM_KINDS)
        ended = _settle(move)
    return ended


def _settle(move: EndHold) -> Ended:
    settled = move.settled
    lines = settled.lines
    arguments = (
        str(settled.hold_id),
        str(settled.receipt_id),
        move.digest,
        move.now,
        move.state,
        move.reason,
        move.tokens_drawn,
        move.tokens_delivered,
        _texts(line.label for line in lines),
        _numbers(line.drawn_nano_nats for line in lines),
        _numbers(line.charged_nano_nats for line in lines),
        _numbers(line.charge_micro_usd for line in lines),
        _numbers(line.floor_top_up_micro_usd for line in lines),
        settled.fee_micro_usd,
        settled.total_micro_usd,
        shared_influence.nano_nats_of(move.body),
        signing.sign(move.body, kind=signing.RECEIPT),
        _numbers(ordered_ids(move.most_transfers)),
    )
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, arguments)
        return Ended(cursor.fetchone()[0])


def is_repeated(error: DatabaseError) -> bool:
    """Another call with the same id won the race; this one was undone."""
    return _code(error) == "BX409"


def explain(error: DatabaseError, move: PlaceHold) -> None:
    """Raises what the refusal means; returns where it is not one of ours."""
    if _code(error) == "BX402":
        said = error.__cause__.diag  # type: ignore[union-attr]
        quote, where = (int(part) for part in said.message_detail.split())
        if said.message_primary == "price":
            raise seating.price_refused(quote, where)
        _require_accounts(move)
        account = Account.objects.get(pk=where)
        raise seating.money_refused(account, quote, available(account) or 0)
    if _code(error) == "BX422":
        _require_accounts(move)
        raise Invalid("An account that this hold names does not exist.")


def _require_accounts(move: PlaceHold) -> None:
    with transaction.atomic():
        seating.require_accounts(
            wallet_id=move.wallet_id, spend_cap_account_ids=move.spend_cap_account_ids, terms=move.seats
        )


def _code(error: DatabaseError) -> str:
    return getattr(error.__cause__, "pgcode", None) or ""


def _numbers(values: Iterable[object]) -> str:
    """A PostgreSQL array as text: one literal, whatever its length."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _texts(values: Iterable[str]) -> str:
    return (
        "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
    )
