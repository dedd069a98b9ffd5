"""Is a receipt what was signed, and do its numbers agree? What can be checked without a model.

Recomputing the divergences needs the engine (`replaying`); `obstacles` says whether it can be tried. It runs
in the web process and must not load torch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from accounting import signing
from accounting.models import Receipt
from accounting.operations import digest_of
from accounting.pricing import Price, charge_micro_usd
from inference.obstacles import Obstacle, obstacle_to_replay

FLOAT32_TOLERANCE = {"precision": "float32", "relative": 1e-3, "nats_per_token": 1e-6}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` answers: here as far as it goes without a model."""

    signature: bool
    sums: bool
    composition: bool | None  # None: a receipt from before its parts stood in it
    tolerance: Json | None
    obstacle: Obstacle | None

    def as_json(self, own: Collection[str] | None = None) -> Json:
        """`own`: the reader may know of these sources only."""
        return {
            "signature": self.signature,
            "sums": self.sums,
            "composition": self.composition,
            "replayed": False,
            "max_error": None,
            "tolerance": self.tolerance,
            **reasoned(self.obstacle, own),
        }


def reasoned(obstacle: Obstacle | None, own: Collection[str] | None = None) -> Json:
    if obstacle is None:
        return {"code": None, "reason": None}
    return {"code": obstacle.code, "reason": obstacle.sentence(own)}


def replay_findings(event: Mapping[str, Any], own: Collection[str] | None = None) -> Json:
    """What the engine found, as its reader may see it."""
    obstacle = Obstacle(event["code"], tuple(event["sources"])) if event["code"] else None
    return {
        "replayed": event["replayed"],
        "max_error": event["max_error"],
        **reasoned(obstacle, own),
    }


def check(receipt: Receipt) -> Verification:
    return Verification(
        signature=signing.payload(receipt.jws) == receipt.body,
        sums=_sums_agree(receipt),
        composition=_composition_agrees(receipt.body),
        tolerance=tolerance_of(receipt.body),
        obstacle=obstacle_to_replay(receipt),
    )


def tolerance_of(body: Mapping[str, Any]) -> Json | None:
    """Within which a replay agrees: as it stands on the receipt; of one that does not say it, float32's."""
    if body.get("mode") == "private" or "ended" in body:
        return None
    stated: Json = body.get("replay_tolerance") or FLOAT32_TOLERANCE
    return stated


def _composition_agrees(body: Mapping[str, Any]) -> bool | None:
    """The composition hash is the digest of the parts that the receipt names."""
    if "composition" not in body:
        return None
    return bool(digest_of(body["composition"]) == body["composition_hash"])


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
