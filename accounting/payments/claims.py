"""What payers claimed back of a paid top-up, and bringing the wallet in line with it.

Claims are kept as the newest state that is known, so the order in which they arrive does not matter: after
each one the wallet is moved by the difference between what stands now and what was taken so far.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from accounting import audit, operations
from accounting.models import ClaimKind, TopUp, TopUpClaim, TopUpState
from accounting.payments import crediting
from accounting.payments.cents import micro_usd_of
from accounting.payments.provider import Notice

TAKEN = {"refund": "top-up refunded", "dispute": "top-up disputed"}


def record(top_up: TopUp, notice: Notice) -> None:
    """Keep the newest state of one claim; a closed dispute is never reopened by what was said before."""
    claim, is_new = TopUpClaim.objects.select_for_update().get_or_create(
        top_up=top_up,
        reference=notice.reference,
        defaults={
            "kind": ClaimKind(notice.kind),
            "amount_micro_usd": micro_usd_of(notice.cents),
            "stands": notice.stands,
            "closed": notice.closed,
            "said_at": notice.said_at,
        },
    )
    if is_new:
        return
    if claim.kind == ClaimKind.REFUND:  # the provider states all that was given back so far: it only grows
        claim.amount_micro_usd = max(claim.amount_micro_usd, micro_usd_of(notice.cents))
    elif (notice.closed, notice.said_at) >= (claim.closed, claim.said_at):
        claim.amount_micro_usd = micro_usd_of(notice.cents)
        claim.stands, claim.closed = notice.stands, notice.closed
    claim.said_at = max(claim.said_at, notice.said_at)
    claim.save()


def bring_in_line(top_up: TopUp, *, kind: str, cause: str, now: datetime) -> None:
    """Take back, or give back, what makes the top-up agree with the claims that stand."""
    if top_up.state != TopUpState.PAID:
        return
    standing = top_up.claims.filter(stands=True).aggregate(sum=Sum("amount_micro_usd"))["sum"] or 0
    wanted = min(top_up.amount_micro_usd, standing)
    difference = wanted - top_up.taken_back_micro_usd
    if difference == 0:
        return
    move = crediting.take_back if difference > 0 else crediting.bring_in
    operation_id: UUID = operations.numbered(top_up.pk, f"claims after {cause}")
    label = TAKEN[kind] if difference > 0 else "dispute ended"
    moved = move(
        top_up=top_up, amount_micro_usd=abs(difference), operation_id=operation_id, label=label, now=now
    )
    before = top_up.taken_back_micro_usd
    top_up.taken_back_micro_usd = wanted
    top_up.save(update_fields=["taken_back_micro_usd"])
    audit.record(
        acting_user=top_up.provider,
        action="top_up.taken_back" if difference > 0 else "top_up.given_back",
        subject=f"top_up:{top_up.pk}",
        before={"taken_back_micro_usd": before},
        after={
            "taken_back_micro_usd": wanted,
            "wallet_micro_usd": moved.wallet_micro_usd,
            "owed_micro_usd": moved.owed_micro_usd,
            "cause": cause,
        },
        organisation_slug=top_up.label,
        now=now,
    )
