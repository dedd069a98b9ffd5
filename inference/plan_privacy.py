"""What a private plan says of privacy: public values only, nothing of what is spent."""

from dataclasses import asdict
from typing import Any

from django.conf import settings

from accounting.maths.privacy_account import reading, stated_deltas
from inference.plan import Seat


def privacy_of_seat(seat: Seat) -> dict[str, Any] | None:
    """None in open answers: their influence is measured and carries no privacy claim."""
    terms, charge = seat.admitted.limits.privacy, seat.token_charge_nano_nats
    if terms is None or charge is None:
        return None
    deltas = stated_deltas(terms.delta)
    return {
        "eta": terms.eta,
        "token_charge_nano_nats": charge,
        "this_answer_at_most": asdict(
            reading(nano_nats=seat.cap_nano_nats, alpha=settings.ALPHA, deltas=deltas)
        ),
        "never_above": asdict(reading(nano_nats=terms.budget_nano_nats, alpha=settings.ALPHA, deltas=deltas)),
    }
