"""One receipt as its reader may see it: the buyer all of it, an owner the lines of own sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from accounting import shared_influence
from accounting.errors import NotFound
from accounting.maths.shares import largest_remainder
from accounting.models import HoldLine, Receipt, ReceiptLine
from accounting.receipt_proof import Proof, prove
from marketplace import refunds
from marketplace.models import Organisation, Source

COLOURS = 6


@dataclass(frozen=True, slots=True)
class VoterLine:
    """One voter: what the signed body says about it, and what it was paid, with the formula in numbers."""

    label: str
    colour: int
    relevance: float | None
    gamma_requested: float | None
    gamma_effective: float | None
    limited_by: str
    help_nats: float | None
    nano_nats: int
    share: str
    price_micro_usd_per_nat: int | None
    charge_micro_usd: int
    floor_micro_usd: int

    @property
    def earned_micro_usd(self) -> int:
        return self.charge_micro_usd + self.floor_micro_usd

    @property
    def formula(self) -> str:
        price = self.price_micro_usd_per_nat
        if price is None:
            return f"{self.earned_micro_usd:,} µ$"
        product = self.nano_nats * price // 10**9
        measured = f"⌊ {self.nano_nats / 10**9:,.9f} nats × {price:,} µ$ ⌋ = {product:,} µ$"
        if product > self.charge_micro_usd:
            measured += f", at most {self.charge_micro_usd:,} µ$ an answer"
        if not self.floor_micro_usd:
            return measured
        return f"{measured}, + {self.floor_micro_usd:,} µ$ up to the floor = {self.earned_micro_usd:,} µ$"


@dataclass(frozen=True, slots=True)
class ReceiptFigures:
    """The page's whole content; `as_owner` says that other voters and the buyer are left out."""

    receipt: Receipt
    as_owner: bool
    lines: tuple[VoterLine, ...]
    excluded: tuple[Mapping[str, Any], ...]
    proof: Proof
    refunds: tuple[Mapping[str, Any], ...] = ()

    @property
    def refunded_micro_usd(self) -> int:
        return sum(one["amount_micro_usd"] for one in self.refunds)

    @property
    def body(self) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self.receipt.body
        return body

    @property
    def mode(self) -> str:
        return str(self.body.get("mode", "open"))

    @property
    def alpha(self) -> float:
        return float(self.body.get("alpha") or settings.ALPHA)

    @property
    def shown_micro_usd(self) -> int:
        return (
            sum(line.earned_micro_usd for line in self.lines)
            if self.as_owner
            else self.receipt.total_micro_usd
        )

    @property
    def total_formula(self) -> str:
        amounts = [line.earned_micro_usd for line in self.lines]
        charges = " + ".join(f"{amount:,}" for amount in amounts) or "0"
        return f"{charges} + {self.receipt.fee_micro_usd:,} fee = {self.receipt.total_micro_usd:,} µ$"

    @property
    def shared_nano_nats(self) -> int | None:
        """Influence of all voters together that no single one of them explains; may be negative."""
        return shared_influence.nano_nats_of(self.body)

    @property
    def shared_meaning(self) -> str | None:
        return shared_influence.sentence(self.shared_nano_nats)

    @property
    def raw(self) -> Mapping[str, Any]:
        """What the page shows as JSON: the body as signed, or an owner's part of it."""
        if not self.as_owner:
            return self.body
        mine = {line.label for line in self.lines}
        own = [entry for entry in _entries(self.body) if entry.get("source") in mine]
        shared = {key: self.body[key] for key in ("shared_nats", "shared_meaning") if key in self.body}
        return {"receipt_id": str(self.receipt.pk), "sources": own, **shared}


def find(*, receipt_id: UUID, organisation: Organisation) -> ReceiptFigures:
    """The receipt for its buyer or for the owner of a voter; for everybody else it does not exist."""
    receipt = Receipt.objects.filter(pk=receipt_id).first()
    if receipt is None:
        raise NotFound("There is no such receipt.")
    lines = list(ReceiptLine.objects.filter(receipt=receipt).order_by("id"))
    as_owner = receipt.wallet_id != organisation.wallet_account_id
    own: set[int] = set()
    if as_owner:
        own = set(
            Source.objects.filter(organisation=organisation).values_list("earnings_account_id", flat=True)
        )
        lines = [line for line in lines if line.earnings_account_id in own]
        if not lines:
            raise NotFound("There is no such receipt.")
    return ReceiptFigures(
        receipt=receipt,
        as_owner=as_owner,
        lines=_voters(receipt, lines),
        excluded=tuple(receipt.body.get("excluded") or ()),
        proof=prove(receipt),
        refunds=tuple(refunds.seen(receipt_id=receipt_id, own_earnings=own if as_owner else None)),
    )


def _voters(receipt: Receipt, lines: Sequence[ReceiptLine]) -> tuple[VoterLine, ...]:
    said = {entry.get("source"): entry for entry in _entries(receipt.body)}
    prices = dict(
        HoldLine.objects.filter(hold=receipt.hold_id).values_list("label", "price_micro_usd_per_nat")
    )
    shares = _shares([line.nano_nats for line in lines])
    return tuple(
        _voter(position, line, said.get(line.label, {}), prices.get(line.label), shares[position])
        for position, line in enumerate(lines)
    )


def _shares(nano_nats: Sequence[int]) -> list[str]:
    """Per cent with one decimal, that sum to 100.0; nothing where nothing was moved."""
    if not any(nano_nats):
        return [""] * len(nano_nats)
    return [f"{part / 10:.1f}" for part in largest_remainder(1000, nano_nats)]


def _voter(
    position: int, line: ReceiptLine, said: Mapping[str, Any], price: int | None, share: str
) -> VoterLine:
    return VoterLine(
        label=line.label,
        colour=min(position + 1, COLOURS),
        relevance=said.get("relevance"),
        gamma_requested=said.get("gamma_requested"),
        gamma_effective=said.get("gamma_effective"),
        help_nats=said.get("help_nats"),
        limited_by=str(said.get("limited_by") or "").replace("_", " "),
        nano_nats=line.nano_nats,
        share=share,
        price_micro_usd_per_nat=price,
        charge_micro_usd=line.charge_micro_usd,
        floor_micro_usd=line.floor_top_up_micro_usd,
    )


def _entries(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    entries: Sequence[Mapping[str, Any]] = body.get("sources") or ()
    return entries
