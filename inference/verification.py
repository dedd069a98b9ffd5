"""Is a receipt what was signed, and do its numbers agree? What can be checked without a model.

Recomputing the divergences needs the engine (`replaying`); this module says whether it can be tried, and if
not, why. It runs in the web process and must not load torch.
"""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounting import signing
from accounting.models import Receipt
from accounting.pricing import Price, charge_micro_usd
from inference.models import SealedTranscript
from marketplace.models import Partition, PartitionState


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` answers."""

    signature: bool
    sums: bool
    replayed: bool = False
    max_error: float | None = None
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "signature": self.signature,
            "sums": self.sums,
            "replayed": self.replayed,
            "max_error": self.max_error,
            "reason": self.reason,
        }


def check(receipt: Receipt) -> Verification:
    return Verification(
        signature=signing.payload(receipt.jws) == receipt.body,
        sums=_sums_agree(receipt),
        reason=why_not_replayed(receipt),
    )


def why_not_replayed(receipt: Receipt) -> str | None:
    """None where a replay can be tried."""
    body = receipt.body
    if body.get("mode") == "private":
        return "Private answers are not replayed: that would undo their guarantee."
    if "ended" in body:
        return "The answer's engine was lost; it was settled by its watermark and left no transcript."
    if body.get("transcript_digest") is None:
        return "No transcript was kept, as the request asked."
    transcript = SealedTranscript.objects.filter(pk=receipt.hold_id).first()
    if transcript is None or transcript.expires_at <= timezone.now():
        return "The transcript has expired."
    return _withdrawn(body)


def _withdrawn(body: dict[str, Any]) -> str | None:
    """A source that was taken back is not brought back for a check; a replaced partition can be read."""
    digests = {source["partition_digest"] for source in body["sources"]}
    found = Partition.objects.filter(digest__in=digests).select_related("source")
    standing = {one.digest: one for one in found if one.state != PartitionState.FAILED}
    gone = sorted(
        source["source"]
        for source in body["sources"]
        if source["partition_digest"] not in standing
        or standing[source["partition_digest"]].source.state == "withdrawn"
    )
    if gone:
        return f"These sources have been withdrawn since: {', '.join(gone)}."
    return None


def _sums_agree(receipt: Receipt) -> bool:
    """The lines are what the nats cost, they add up to the total, and the ledger's rows say the same."""
    lines = list(receipt.lines.all())
    paid = sum(line.charge_micro_usd + line.floor_top_up_micro_usd for line in lines)
    body = receipt.body
    return (
        paid + receipt.fee_micro_usd == receipt.total_micro_usd
        and body["total_micro_usd"] == receipt.total_micro_usd
        and body["fee_micro_usd"] == receipt.fee_micro_usd
        and _body_lines(body) == {line.label: (line.nano_nats, line.charge_micro_usd) for line in lines}
        and all(_is_priced_right(source) for source in body.get("sources", []))
    )


def _body_lines(body: dict[str, Any]) -> dict[str, tuple[int, int]]:
    stated = [source["line"] for source in body["sources"]] if "sources" in body else body["lines"]
    return {line["label"]: (line["charged_nano_nats"], line["charge_micro_usd"]) for line in stated}


def _is_priced_right(source: dict[str, Any]) -> bool:
    line = source["line"]
    price = Price(source["price_micro_usd_per_nat"], ceiling_micro_usd=source.get("ceiling_price_micro_usd"))
    return bool(line["charge_micro_usd"] == charge_micro_usd(price, line["charged_nano_nats"]))
