"""A market in the middle of a month: sources in every state, answers that were paid, one training under way.

Made by the use cases, so that what pages show is what the product writes.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounting import holds, settlement, wallets
from accounting.models import Receipt
from accounting.settled import Settled, Usage
from accounting.terms import SeatTerms
from marketplace import job_lease, standing, training_jobs
from marketplace.models import Source
from tests.builders import draft_source, publish, train, upload
from tests.cast import Actor, Cast

NANO = 10**9
ReceiptBody = Callable[[Settled], Mapping[str, Any]]
METRICS = {"held_out_bits_core": 1.411, "held_out_bits_adapter": 1.231, "passages": 1840, "tokens": 61204}


@dataclass(frozen=True)
class Scene:
    cast: Cast
    alpine: Source
    tides: Source
    receipt: Receipt


def set_scene(cast: Cast, *, answers: int = 14) -> Scene:
    """Needs `named_core`, or a core named some other way."""
    owner, buyer = cast.owner, cast.buyer
    alpine = _titled(owner, "alpine-plants", "Field notes on alpine plants")
    upload(owner, alpine, text="Gentians flower late.\n" * 900, name="gentians.txt")
    upload(owner, alpine, text="# Saxifrage\nIt splits rocks.\n" * 400, name="saxifrage.md")
    publish(owner, alpine, price_micro_usd_per_nat=1500, floor_price_micro_usd=50, quote=True,
            influence_nats={"per_answer": 200, "per_consumer_day": 600, "lifetime": 900})  # fmt: skip
    train(owner, alpine, **METRICS)
    tides = _titled(owner, "harbour-tides", "Harbour tide tables, 1951 to 1988")
    upload(owner, tides, text="High water at noon.\n" * 3000, name="tides.txt")
    publish(owner, tides, price_micro_usd_per_nat=800, regime="attribution", floor_nats=0.5,
            privacy={"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6})  # fmt: skip
    train(owner, tides, held_out_bits_core=1.08, held_out_bits_adapter=1.021, passages=912)
    _others(owner)
    other = _titled(cast.second_owner, "essays", "Political essays")
    upload(cast.second_owner, other, text="On liberty.\n" * 500, name="liberty.txt")
    publish(cast.second_owner, other, price_micro_usd_per_nat=2000)
    train(cast.second_owner, other, held_out_bits_core=1.033, held_out_bits_adapter=0.999, passages=400)
    now = timezone.now()
    fund(buyer, now)
    for number in range(answers):
        seats = {alpine: 41.118 + 1.7 * number, other: 6.4}
        if number % 2:
            seats[tides] = 7.8123
        receipt = pay(buyer, seats, now - timedelta(hours=40 * (answers - 1 - number), minutes=7))
    return Scene(cast, alpine, tides, receipt)


def fund(buyer: Actor, now: datetime) -> None:
    wallets.top_up(
        wallet_id=buyer.organisation.wallet_account_id, amount_micro_usd=25_000_000,
        operation_id=uuid.uuid4(), acting_user_label="operator", now=now,
    )  # fmt: skip


def pay(
    buyer: Actor, nats: Mapping[Source, float], at: datetime, *, body: ReceiptBody | None = None
) -> Receipt:
    """One answer that rested on these sources, held and settled."""
    hold_id = uuid.uuid4()
    terms = [_terms(source, value) for source, value in nats.items()]
    holds.place(
        hold_id=hold_id, wallet_id=buyer.organisation.wallet_account_id, spend_cap_account_ids=(),
        terms=terms,
        fee_basis_points=settings.PLATFORM_FEE_BASIS_POINTS, max_price_micro_usd=None,
        expires_at=at + timedelta(minutes=10), now=at, detail={},
    )  # fmt: skip
    used = {source.slug: int(value * NANO) for source, value in nats.items()}
    holds.record_progress(
        hold_id=hold_id, tokens_drawn=48, tokens_delivered=48, drawn_nano_nats=used, delivered_nano_nats=used,
        now=at,
    )  # fmt: skip
    usage = [Usage(slug, value, value) for slug, value in used.items()]
    settled = settlement.settle(
        hold_id=hold_id, usage=usage, tokens_drawn=48, tokens_delivered=48, receipt=body or open_body, now=at
    )
    return Receipt.objects.get(pk=settled.receipt_id)


def _terms(source: Source, value: float) -> SeatTerms:
    plain = source.policy.plain if source.policy else {}
    cap = int(value * NANO) + NANO
    return SeatTerms(
        label=source.slug, budget_account_ids=(source.budget_account_id,),
        earnings_account_id=source.earnings_account_id, cap_nano_nats=cap, block_nano_nats=cap,
        price_micro_usd_per_nat=plain["price_micro_usd_per_nat"],
        floor_micro_usd=plain.get("floor_price_micro_usd") or 0, charged_by="measured",
    )  # fmt: skip


def open_body(settled: Settled) -> dict[str, object]:
    return {
        "mode": "open",
        "alpha": 2.0,
        "core": {"slug": "smollm2-135m-instruct", "digest": "c" * 64},
        "purpose": "academic-research",
        "composition_hash": "5f0c" * 16,
        "tokens": {"drawn": 48, "delivered": 48},
        "shared_nats": 3.4182,
        "notes": ["What the core learned in its own pretraining is not attributed to anyone."],
        "sources": [
            {
                "source": line.label, "relevance": 0.62, "gamma_requested": 1.0, "gamma_effective": 0.94,
                "help_nats": 0.31 - 0.2 * number,
                "limited_by": "query_cap" if number == 0 else None,
                "attribution_nats": {"symmetric": line.charged_nano_nats / NANO},
            }
            for number, line in enumerate(settled.lines)
        ],
        "excluded": [
            {"source": "parish-registers", "rule": "purpose", "reason": "Its policy does not allow research."}
        ],
    }  # fmt: skip


def private_body(settled: Settled) -> dict[str, object]:
    """A private answer's receipt: public charges only, everything that was not measured is null."""
    hidden = dict.fromkeys(
        ("relevance", "gamma_effective", "attribution_nats", "help_nats", "floor", "limited_by")
    )
    lines = [
        {"source": line.label, "gamma_requested": 1.0, "charge_nats": line.charged_nano_nats / NANO, **hidden}
        for line in settled.lines
    ]
    return {**open_body(settled), "mode": "private", "sources": lines, "shared_nats": None, "excluded": []}


def _others(owner: Actor) -> None:
    """A draft without a policy, a source in training, a suspended one."""
    draft = _titled(owner, "parish-registers", "Parish registers")
    upload(owner, draft, text="Baptised this day.\n" * 50, name="1702.txt")
    running = _titled(owner, "bird-calls", "Bird calls, described")
    upload(owner, running, text="A thin high whistle.\n" * 80, name="calls.txt")
    publish(owner, running)
    now = timezone.now()
    job = training_jobs.start_training(source=running, acting_user=owner.user, now=now)
    lease = job_lease.claim(job_id=job.pk, now=now)
    assert lease is not None
    job_lease.progress(lease=lease, stage="adapter", done=3200, total=8000, now=now)
    paused = _titled(owner, "weather-diary", "A weather diary")
    publish(owner, paused)
    standing.suspend(source=paused, reason="Rights are being cleared.", acting_user=owner.user, now=now)


def _titled(owner: Actor, slug: str, title: str) -> Source:
    source = draft_source(owner, slug)
    source.title = title
    source.save(update_fields=["title"])
    return source
