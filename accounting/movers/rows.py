"""Writes holds and their ends as rows, in the caller's transaction; triggers move the totals.

Works on every database; on SQLite it is what runs. It must not phrase a refusal of its own beyond those that
`seating` gives.
"""

from accounting import seating
from accounting.accounts import system_accounts
from accounting.models import (
    AccountKind,
    ChargedBy,
    Hold,
    HoldLine,
    HoldState,
    Phase,
    Receipt,
    ReceiptLine,
    Transfer,
)
from accounting.movers.moves import Ended, EndHold, HoldPlaced, PlaceHold
from accounting.settled import SettledLine
from accounting.terms import SeatTerms


def place(move: PlaceHold) -> HoldPlaced | None:
    if Hold.objects.filter(pk=move.hold_id).exists():
        return None
    seats = seating.decide(
        wallet_id=move.wallet_id,
        spend_cap_account_ids=move.spend_cap_account_ids,
        terms=move.seats,
        fee_basis_points=move.fee_basis_points,
        max_price_micro_usd=move.max_price_micro_usd,
    )
    refused = {seat.label for seat in seats.refused}
    Hold.objects.create(
        id=move.hold_id,
        digest=move.digest,
        refused=[seat.label for seat in seats.refused],
        wallet_id=move.wallet_id,
        spend_cap_account_ids=sorted(move.spend_cap_account_ids),
        held_micro_usd=seats.quote.total,
        fee_basis_points=move.fee_basis_points,
        detail=dict(move.detail),
        created_at=move.now,
        expires_at=move.expires_at,
    )
    HoldLine.objects.bulk_create([_line(move, seat) for seat in seats.seated])
    return HoldPlaced(tuple(seat.label in refused for seat in move.seats), seats.quote.total)


def _line(move: PlaceHold, seat: SeatTerms) -> HoldLine:
    return HoldLine(
        hold_id=move.hold_id,
        label=seat.label,
        earnings_account_id=seat.earnings_account_id,
        budget_account_ids=sorted(seat.budget_account_ids),
        cap_nano_nats=seat.cap_nano_nats,
        price_micro_usd_per_nat=seat.price_micro_usd_per_nat,
        floor_micro_usd=seat.floor_micro_usd,
        ceiling_micro_usd=seat.ceiling_micro_usd,
        charged_by=ChargedBy(seat.charged_by),
        held_nano_nats=seat.first_block_nano_nats,
    )


def settle(move: EndHold) -> Ended:
    settled = move.settled
    hold = Hold.objects.select_for_update(no_key=True).filter(pk=settled.hold_id).first()
    if hold is None:
        return Ended.MISSING
    if hold.state != HoldState.OPEN:
        return Ended.BEFORE
    lines = list(hold.lines.order_by("pk"))
    if not _fits(hold, lines, move):
        return Ended.MISFIT
    by_label = {line.label: line for line in settled.lines}
    pairs = [(line, by_label[line.label]) for line in lines]
    Transfer.objects.bulk_create(_transfers(hold, pairs, move))
    Receipt.objects.create(
        id=settled.receipt_id,
        hold=hold,
        wallet_id=hold.wallet_id,
        issued_at=move.now,
        jws=move.jws,
        charges_micro_usd=settled.total_micro_usd - settled.fee_micro_usd,
        fee_micro_usd=settled.fee_micro_usd,
        total_micro_usd=settled.total_micro_usd,
        shared_nano_nats=move.shared_nano_nats,
    )
    ReceiptLine.objects.bulk_create(_receipt_line(line, done, move) for line, done in pairs)
    hold.state, hold.reason, hold.ended_at = HoldState(move.state), move.reason, move.now
    hold.settlement_digest = move.digest
    hold.tokens_drawn, hold.tokens_delivered = move.tokens_drawn, move.tokens_delivered
    hold.save()
    return Ended.SETTLED


def _fits(hold: Hold, lines: list[HoldLine], move: EndHold) -> bool:
    settled = move.settled
    held = {line.label: line for line in lines}
    return (
        set(held) == {done.label for done in settled.lines}
        and len(held) == len(settled.lines)
        and all(
            held[done.label].drawn_nano_nats <= done.drawn_nano_nats <= held[done.label].held_nano_nats
            and 0 <= done.charged_nano_nats <= done.drawn_nano_nats
            for done in settled.lines
        )
        and sum(line.paid_micro_usd for line in settled.lines) + settled.fee_micro_usd
        == settled.total_micro_usd
        and settled.total_micro_usd <= hold.held_micro_usd
        and move.tokens_drawn >= hold.tokens_drawn
        and move.tokens_delivered >= hold.tokens_delivered
    )


def _transfers(hold: Hold, pairs: list[tuple[HoldLine, SettledLine]], move: EndHold) -> list[Transfer]:
    kinds = (AccountKind.PLATFORM_FEE, AccountKind.INFLUENCE_SPENT, AccountKind.SPEND_CAP_USED)
    system = system_accounts(kinds)
    settled = move.settled
    rows = [
        _posted(hold, move, account_id, system[AccountKind.INFLUENCE_SPENT], done.drawn_nano_nats, line)
        for line, done in pairs
        for account_id in line.budget_account_ids
    ]
    rows += [
        _posted(hold, move, hold.wallet_id, line.earnings_account_id, done.paid_micro_usd, line)
        for line, done in pairs
    ]
    rows.append(
        _posted(hold, move, hold.wallet_id, system[AccountKind.PLATFORM_FEE], settled.fee_micro_usd, "fee")
    )
    rows += [
        _posted(hold, move, cap, system[AccountKind.SPEND_CAP_USED], settled.total_micro_usd, "spend cap")
        for cap in hold.spend_cap_account_ids
    ]
    return [row for row in rows if row.amount > 0]


def _posted(  # noqa: PLR0917 (a row has as many parts)
    hold: Hold, move: EndHold, debit: int, credit: int, amount: int, of: HoldLine | str
) -> Transfer:
    line, label = (None, of) if isinstance(of, str) else (of, of.label)
    nats = line is not None and debit in line.budget_account_ids
    return Transfer(
        operation_id=hold.pk,
        phase=Phase.POSTED,
        asset="nano_nat" if nats else "micro_usd",
        debit_account_id=debit,
        credit_account_id=credit,
        amount=amount,
        hold=hold,
        line=line,
        label=label,
        created_at=move.now,
    )


def _receipt_line(line: HoldLine, done: SettledLine, move: EndHold) -> ReceiptLine:
    return ReceiptLine(
        receipt_id=move.settled.receipt_id,
        label=line.label,
        earnings_account_id=line.earnings_account_id,
        nano_nats=done.charged_nano_nats,
        drawn_nano_nats=done.drawn_nano_nats,
        charge_micro_usd=done.charge_micro_usd,
        floor_top_up_micro_usd=done.floor_top_up_micro_usd,
        issued_at=move.now,
    )
