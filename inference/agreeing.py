"""On which agreement each seat rests: whom an ended one keeps out, and what the first answer makes.

A seat without an agreement gets one before the hold, by one insert at the consumer's first use of the source;
afterwards it is only read, in one query an answer.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from accounting.errors import Forbidden
from inference.plan import Plan, Seat
from inference.request import Question
from marketplace import agreement_use
from marketplace.admission import Admission, Denied
from marketplace.models import Organisation

RULE = "agreement"
ENDED = "Its owner has ended your agreement."
ASK = "POST /v1/agreements asks the owner for a new one."


def without_ended(admission: Admission, *, consumer: Organisation, question: Question) -> Admission:
    """Admitted sources but those whose owner ended the agreement: no other is made without the owner."""
    closed = agreement_use.closed_to(consumer=consumer, purpose=question.wishes.purpose)
    if not closed:
        return admission
    out = [one.source.slug for one in admission.admitted if one.source.pk in closed]
    _check_required(out, question)
    return replace(
        admission,
        admitted=tuple(one for one in admission.admitted if one.source.pk not in closed),
        denied=(*admission.denied, *(Denied(slug, RULE, f"{ENDED} {ASK}") for slug in out)),
    )


def agreed(plan: Plan, *, consumer: Organisation, question: Question, now: datetime) -> Plan:
    """The plan with the agreement of every seat, made where there was none."""
    purpose = question.wishes.purpose
    found = agreement_use.rests(
        consumer=consumer, purpose=purpose, source_ids=[_source(seat) for seat in plan.seats]
    )
    missing = [seat.admitted.policy_version.pk for seat in plan.seats if _source(seat) not in found]
    made = agreement_use.make_first(consumer=consumer, purpose=purpose, policy_version_ids=missing, now=now)
    ids = {**found, **made}
    return replace(plan, seats=tuple(replace(seat, agreement_id=ids[_source(seat)]) for seat in plan.seats))


def _check_required(slugs: Collection[str], question: Question) -> None:
    for slug in sorted(set(slugs) & set(question.wishes.require)):
        raise Forbidden(
            f"The source '{slug}' is required and may not vote: {ENDED}",
            next_step=ASK,
            rule=RULE,
            source=slug,
        )


def _source(seat: Seat) -> int:
    return seat.admitted.source.pk
