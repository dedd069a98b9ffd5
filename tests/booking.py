"""Books answers as the engine would: money and nats held, measured, settled, with a receipt."""

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from accounting import holds, settlement, wallets
from accounting.holds import SeatTerms
from marketplace import window_budgets
from marketplace.admission import admit
from marketplace.policy.request import Mode
from tests.cast import Actor

NAT = 10**9


def top_up(actor: Actor, micro_usd: int = 10_000) -> None:
    wallets.top_up(
        wallet_id=actor.organisation.wallet_account_id,
        amount_micro_usd=micro_usd,
        operation_id=uuid.uuid4(),
        acting_user_label="tests",
        now=timezone.now(),
    )


def hold(
    actor: Actor,
    slug: str,
    *,
    now: datetime | None = None,
    mode: Mode = "open",
    cap: int = 10,
    purpose: str = "research",
    detail: dict[str, str] | None = None,
) -> uuid.UUID:
    """An answer that has begun: it may rest on the source with `cap` nats."""
    now = now or timezone.now()
    consumer = actor.organisation
    admission = admit(consumer=consumer, purpose=purpose, mode=mode, now=now, only=[slug])
    (one,) = window_budgets.open_for(admitted=admission.admitted, consumer=consumer, now=now)
    terms = SeatTerms(
        label=slug,
        budget_account_ids=one.budget_account_ids,
        earnings_account_id=one.source.earnings_account_id,
        cap_nano_nats=cap * NAT,
        block_nano_nats=cap * NAT,
        price_micro_usd_per_nat=one.limits.price_micro_usd_per_nat,
        floor_micro_usd=one.limits.floor_price_micro_usd,
        charged_by="blocks" if mode == "private" else "measured",
    )
    hold_id = uuid.uuid4()
    holds.place(
        hold_id=hold_id,
        wallet_id=consumer.wallet_account_id,
        spend_cap_account_ids=(),
        terms=[terms],
        fee_basis_points=500,
        max_price_micro_usd=None,
        expires_at=now + timedelta(minutes=10),
        now=now,
        detail={"mode": mode, "purpose": purpose} if detail is None else detail,
    )
    return hold_id


def answer(
    actor: Actor,
    slug: str,
    nats: int,
    *,
    now: datetime | None = None,
    mode: Mode = "open",
    cap: int = 10,
    purpose: str = "research",
    detail: dict[str, str] | None = None,
    receipt: dict[str, str] | None = None,
) -> None:
    """An answer that rested on the source with so many nats."""
    hold_id = hold(actor, slug, now=now, mode=mode, cap=cap, purpose=purpose, detail=detail)
    usage = [settlement.Usage(slug, drawn_nano_nats=nats * NAT, charged_nano_nats=nats * NAT)]
    settlement.settle(
        hold_id=hold_id,
        usage=usage,
        tokens_drawn=9,
        tokens_delivered=9,
        receipt=lambda _settled: receipt or {},
        now=now or timezone.now(),
    )
