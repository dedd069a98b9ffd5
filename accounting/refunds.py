"""Gives back what an answer cost, in whole or in part, by reversals that name what they reverse.

Every earner and the platform give back their share, in exact parts that sum to the refund; never more than
was paid. An owner who has been paid out already owes it. Nats stay spent, unless the answer provably never
left and somebody says so. Who may refund is the caller's to decide.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from accounting import audit, chains, operations, transfers
from accounting.errors import Conflict, Invalid, NotFound
from accounting.maths.shares import largest_remainder
from accounting.models import AccountKind, Asset, ChargedBy, Receipt, Refund, Transfer
from accounting.models.transfers import MOVING_PHASES
from accounting.terms import whole
from accounting.transfers import PostStep
from accounting.writes import joining_write

PAID = (AccountKind.EARNINGS, AccountKind.PLATFORM_FEE)


@joining_write
def refund(
    *,
    operation_id: UUID,
    receipt_id: UUID,
    amount_micro_usd: int | None,
    reason: str,
    acting_user: str,
    now: datetime,
    organisation_slug: str = "",
) -> Refund:
    """Give `amount_micro_usd` (None: all that is left) back to the wallet that paid."""
    if amount_micro_usd is not None:
        whole("amount_micro_usd", amount_micro_usd, least=1)
    content = {"receipt": str(receipt_id), "amount": amount_micro_usd, "reason": _reason(reason)}
    first = _first(operation_id, "refund", content, now)
    if first is not None:
        return first
    receipt = _receipt(receipt_id)
    originals, left = _locked(receipt, Asset.MICRO_USD)
    paid = [one for one in originals if one.credit_account.kind in PAID]
    rest = sum(left[one.pk] for one in paid)
    amount = rest if amount_micro_usd is None else amount_micro_usd
    if amount > rest or not amount:
        raise Conflict(
            f"Of receipt {receipt_id}, {rest} micro-USD can still be refunded, not {amount}.",
            next_step="Refund at most that.",
            code="above_receipt",
            refundable_micro_usd=rest,
        )
    parts = largest_remainder(amount, [left[one.pk] for one in paid])
    steps = [_back(one, part, "refund") for one, part in zip(paid, parts, strict=True) if part]
    steps += _through_clearing(receipt, originals, amount)
    row = Refund(receipt=receipt, amount_micro_usd=amount, reason=_reason(reason), made_by=acting_user)
    return _written(row, operation_id, steps, organisation_slug, now)


@joining_write
def give_back_influence(
    *,
    operation_id: UUID,
    receipt_id: UUID,
    reason: str,
    acting_user: str,
    now: datetime,
    organisation_slug: str = "",
    not_to_account_ids: Collection[int] = (),
) -> Refund:
    """Give its nats back to the budgets of an answer of which, on record, not one token left the market.

    Never in the privacy regime: there a spent budget does not come back. `not_to_account_ids` are budgets
    that the caller gives back to by another rule.
    """
    content = {"receipt": str(receipt_id), "reason": _reason(reason)}
    first = _first(operation_id, "influence_given_back", content, now)
    if first is not None:
        return first
    receipt = _receipt(receipt_id)
    if receipt.hold.tokens_delivered:
        raise Conflict(
            f"{receipt.hold.tokens_delivered} tokens of this answer left, so its influence stays spent.",
            next_step="Refund its money instead.",
            code="answer_left",
        )
    if receipt.hold.lines.filter(charged_by=ChargedBy.BLOCKS).exists():
        raise Conflict("A spent privacy budget never comes back.", code="privacy_never_resets")
    originals, left = _locked(receipt, Asset.NANO_NAT)
    due = [one for one in originals if left[one.pk] and one.debit_account_id not in set(not_to_account_ids)]
    steps = [_back(one, left[one.pk], "influence given back") for one in due]
    if not steps:
        raise Conflict("There is no influence of this answer to give back.", code="nothing_to_give_back")
    nano_nats = sum(line.drawn_nano_nats for line in receipt.lines.all())
    row = Refund(
        receipt=receipt, amount_micro_usd=0, nano_nats=nano_nats, reason=_reason(reason), made_by=acting_user
    )
    return _written(row, operation_id, steps, organisation_slug, now)


def _first(operation_id: UUID, kind: str, content: Mapping[str, object], now: datetime) -> Refund | None:
    """The refund of the first time, if this is not it."""
    outcome = operations.begin(operation_id=operation_id, kind=kind, content=content, now=now)
    return None if outcome is None else Refund.objects.get(pk=outcome["refund"])


def _receipt(receipt_id: UUID) -> Receipt:
    found = Receipt.objects.select_related("hold").filter(pk=receipt_id).first()
    if found is None:
        raise NotFound(f"There is no receipt {receipt_id}.")
    return found


def _locked(receipt: Receipt, asset: Asset) -> tuple[list[Transfer], dict[UUID, int]]:
    """What the answer moved of this asset, kept to this transaction, and what of each can still go back."""
    rows = Transfer.objects.filter(hold_id=receipt.hold_id, asset=asset, phase__in=MOVING_PHASES)
    originals = list(rows.select_related("credit_account", "debit_account").order_by("created_at", "pk"))
    chains.lock_transfers(one.pk for one in originals)
    return originals, chains.reversible(originals)


def _through_clearing(receipt: Receipt, originals: Sequence[Transfer], amount: int) -> list[PostStep]:
    """Answers of version 0.1 paid through a clearing account; their refunds go back through it."""
    into = [one for one in originals if one.credit_account.kind == AccountKind.CLEARING]
    return [_back(one, amount, "refund") for one in into if one.debit_account_id == receipt.wallet_id]


def _back(original: Transfer, amount: int, label: str) -> PostStep:
    return PostStep(
        original.credit_account_id, original.debit_account_id, amount, label, reverses=original.pk
    )


def _written(
    row: Refund, operation_id: UUID, steps: Sequence[PostStep], organisation_slug: str, now: datetime
) -> Refund:
    """Money first, then the row that the database compares with it, then who did it."""
    row.id, row.made_at = operations.numbered(operation_id, "refund"), now
    row.operation_id = operations.numbered(operation_id, "reversals")
    transfers.linked(operation_id=row.operation_id, steps=steps, now=now, kind="refund_reversals")
    row.save(force_insert=True)
    audit.record(
        acting_user=row.made_by,
        action="receipt.refunded" if row.amount_micro_usd else "receipt.influence_given_back",
        subject=f"receipt:{row.receipt_id}",
        after={
            "refund": str(row.pk), "amount_micro_usd": row.amount_micro_usd, "nano_nats": row.nano_nats,
            "reason": row.reason,
        },
        organisation_slug=organisation_slug,
        now=now,
    )  # fmt: skip
    operations.finish(operation_id=operation_id, outcome={"refund": str(row.pk)})
    return row


def _reason(text: str) -> str:
    if not text.strip() or len(text) > 300:
        raise Invalid("reason has 1 to 300 characters.", param="reason")
    return text.strip()
