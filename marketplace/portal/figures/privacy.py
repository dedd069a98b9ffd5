"""A source's privacy account as its owner reads it: so far, never above, and each for replaced data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from accounting.maths.privacy_account import Reading
from marketplace import privacy_report
from marketplace.models import Source
from marketplace.privacy_report import AnswerCharge

ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    nano_nats: int | None
    nano_zcdp: int
    epsilons: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    at: datetime
    receipt_id: UUID | None
    charge_nano_nats: int
    before: int
    after: int
    epsilon: float


def shown(source: Source) -> dict[str, Any]:
    """What the page of a source needs; empty where there is nothing private to tell."""
    if not privacy_report.may_be_shown(source):
        return {}
    found = privacy_report.privacy_of(source=source)
    return {
        "privacy": found,
        "privacy_rows": [
            *_rows("So far (odometer)", found.odometer),
            *_rows("Never above (filter)", found.filter),
        ],
        "privacy_answers": [_answer(one) for one in found.answers[:ANSWERS]],
        "privacy_delta": found.filter.guarantees[-1].delta,
    }


def _rows(name: str, found: Reading) -> list[Row]:
    return [
        Row(name, found.nano_nats, found.nano_zcdp, tuple(one.epsilon for one in found.guarantees)),
        Row(
            f"{name}, if replaced", None, found.nano_zcdp_if_replaced,
            tuple(one.epsilon_if_replaced for one in found.guarantees),
        ),
    ]  # fmt: skip


def _answer(one: AnswerCharge) -> AnswerRow:
    return AnswerRow(
        one.at, one.receipt_id, one.charge_nano_nats, one.before.nano_nats, one.after.nano_nats,
        one.after.guarantees[-1].epsilon,
    )  # fmt: skip
