"""What an answer tells its caller about its voters: the `abc` part of a response, and of a receipt.

Pure: plan, tally and settlement in, JSON out. For private answers everything that would show what a source
holds (relevance, effective gamma, attribution, help, passages) is null; only public charges stand there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from accounting import shared_influence
from accounting.maths.units import nano_nats_up
from accounting.operations import digest_of
from accounting.settled import Settled, SettledLine
from inference.allowance import Stopped
from inference.plan import NANO, Plan, Seat
from inference.seat_report import both_sides
from inference.tally import Tally

Json = dict[str, Any]
ALL_VOTERS = "all"
OWNER_PREFIX = "owner:"
NOTHING_SETTLED = SettledLine("", 0, 0, 0, 0)
CLEARLY_LESS = 0.999  # an effective gamma below so much of its ceiling was held down by a cap


@dataclass(frozen=True, slots=True)
class Identity:
    """What the answer was made from."""

    mode: str
    core_slug: str
    core_digest: str
    alpha: float
    composition: Json  # the parts: core, constants, seats with their rights
    lambda_active: float
    lambda_total: float

    @property
    def is_private(self) -> bool:
        return self.mode == "private"

    @property
    def fingerprint(self) -> str:
        """OpenAI's `system_fingerprint`: equal where core, constants and seats are, as the whole hash is."""
        return f"fp_{self.composition_hash[:16]}"

    @property
    def composition_hash(self) -> str:
        """SHA-256 over the canonical JSON of the parts."""
        return digest_of(self.composition)


@dataclass(frozen=True, slots=True)
class Measured:
    """The finished measurement of one answer."""

    identity: Identity
    plan: Plan
    tally: Tally
    refused: frozenset[str]  # seats whose budget ran out in mid-answer
    stopped: Mapping[str, Stopped]  # seats that a policy or an agreement took out in mid-answer
    passages: Mapping[str, Sequence[Json]]  # only of sources that allow quoting


def source_reports(measured: Measured, settled: Settled) -> list[Json]:
    lines = {line.label: line for line in settled.lines}
    report = _private_source if measured.identity.is_private else _open_source
    return [report(seat, lines.get(seat.slug, NOTHING_SETTLED), measured) for seat in measured.plan.seats]


def abc_of(measured: Measured, settled: Settled) -> Json:
    identity, plan = measured.identity, measured.plan
    return {
        "receipt_id": str(settled.receipt_id),
        "mode": identity.mode,
        "composition_hash": identity.composition_hash,
        "core": identity.core_slug,
        "alpha": identity.alpha,
        "lambda_active": identity.lambda_active,
        "lambda_total": identity.lambda_total,
        "sources": source_reports(measured, settled),
        "owners": owner_reports(measured, settled),
        "excluded": excluded_report(plan),
        "excluded_counts": plan.counts(),
        "notices": notices(plan),
        "fee_micro_usd": settled.fee_micro_usd,
        "charge_micro_usd": settled.total_micro_usd,
        **shared_report(measured),
    }


def excluded_report(plan: Plan) -> list[Json]:
    return [{"source": one.slug, "rule": one.rule, "reason": one.reason} for one in plan.shown()]


def notices(plan: Plan) -> list[str]:
    """What whoever shows the answer has to show beside it, each text once."""
    texts = (seat.admitted.limits.attribution_notice for seat in plan.seats)
    return list(dict.fromkeys(text for text in texts if text is not None))


def shared_nats(measured: Measured) -> float | None:
    """Influence that no single source explains: the symmetric divergence of all voters removed together,
    summed over the tokens, minus the sum of the leave-one-out attributions. Positive where voters say the
    same, negative where they pull against each other. Null in private answers, where nothing is measured.
    """
    if measured.identity.is_private:
        return None
    together = measured.tally.sets.get(ALL_VOTERS, 0.0)
    return shared_influence.exact(together - fsum(seat.symmetric for seat in measured.tally.seats.values()))


def shared_report(measured: Measured) -> Json:
    """The shared influence as a line of its own: the signed number, and what it means in one sentence."""
    line: Json = {"shared_nats": shared_nats(measured)}
    return {**line, "shared_meaning": shared_influence.sentence(shared_influence.nano_nats_of(line))}


def owner_reports(measured: Measured, settled: Settled) -> list[Json]:
    """One row for every owner with several voters: they are one party, so they are measured as one."""
    charges = {line.label: line.paid_micro_usd for line in settled.lines}
    rows = []
    for owner, slugs in owners_with_several(measured.plan.seats).items():
        nats = None if measured.identity.is_private else measured.tally.sets.get(OWNER_PREFIX + owner, 0.0)
        charge = sum(charges.get(slug, 0) for slug in slugs)
        rows.append({"owner": owner, "sources": slugs, "attribution_nats": nats, "charge_micro_usd": charge})
    return rows


def owners_with_several(seats: Sequence[Seat]) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for seat in seats:
        owners.setdefault(seat.admitted.source.owner, []).append(seat.slug)
    return {owner: slugs for owner, slugs in sorted(owners.items()) if len(slugs) > 1}


def _open_source(seat: Seat, line: SettledLine, measured: Measured) -> Json:
    tally = measured.tally.seats[seat.slug]
    effective = measured.tally.gamma_effective(seat.slug)
    return {
        **_common(seat, line),
        "relevance": seat.relevance,
        "gamma_effective": effective,
        "limited_by": _ended_by(seat, measured) or _limited_by(seat, effective),
        "stopped": _stopped(seat, measured),
        "attribution_nats": {
            "forward": tally.forward,
            "reverse": tally.reverse,
            "symmetric": tally.symmetric,
        },
        "help_nats": measured.tally.help_nats(seat.slug),
        "charge_nats": None,
        "floor": _floor(seat, tally.symmetric),
        "passages": list(measured.passages.get(seat.slug, ())),
    }


def _private_source(seat: Seat, line: SettledLine, measured: Measured) -> Json:
    """Everything here follows from the request, the policy and public charges."""
    ended = _ended_by(seat, measured)
    return {
        **_common(seat, line),
        "relevance": None,
        "gamma_effective": None,
        "limited_by": "policy" if ended == "policy" else seat.gamma_limited_by or ended,
        "stopped": _stopped(seat, measured),
        "attribution_nats": None,
        "help_nats": None,
        "charge_nats": line.charged_nano_nats / NANO,
        "floor": None,
        "passages": [],
    }


def _common(seat: Seat, line: SettledLine) -> Json:
    return {
        **both_sides(seat),
        "charge_micro_usd": line.paid_micro_usd,
    }


def _ended_by(seat: Seat, measured: Measured) -> str | None:
    """What took this source out in mid-answer."""
    if seat.slug in measured.stopped:
        return "policy"
    return "budget" if seat.slug in measured.refused else None


def _stopped(seat: Seat, measured: Measured) -> Json | None:
    """By which rule, and after how many tokens: of everything after them it has no part."""
    stopped = measured.stopped.get(seat.slug)
    return None if stopped is None else stopped.as_json()


def _limited_by(seat: Seat, effective: float) -> str | None:
    """Whoever held this source down: a cap that was reached, or a ceiling on gamma."""
    if effective < seat.gamma * CLEARLY_LESS:
        return "coalition" if seat.group is not None else seat.cap_limited_by
    return seat.gamma_limited_by


def _floor(seat: Seat, reached_nats: float) -> Json | None:
    """What an owner in the attribution regime asks to be rested on at least."""
    required = seat.admitted.limits.floor_nats
    if required is None:
        return None
    return {
        "required": required,
        "reached": reached_nats,
        "met": nano_nats_up(reached_nats) >= required * NANO,
    }
