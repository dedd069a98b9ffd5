"""What an answer is made from, as one digest, and how much of it is shared: composition hash and lambda.

Equal hashes mean the same core, the same constants and the same seats with the same rights. The question is
not part of it.
"""

from typing import Any

from django.conf import settings

from inference.materials import Materials
from inference.net.constants import constants_digest
from inference.net.core import Core
from inference.plan import Plan, Seat
from inference.report import Identity
from inference.request import Question
from inference.sealing import keyed_digest


def identity_of(
    *, question: Question, plan: Plan, materials: Materials, core: Core, trained: int
) -> Identity:
    """`trained`: the parameters of all partitions on the core that the consumer may know of; a sum over all
    would tell of hidden sources.
    """
    voting = sum(materials[seat.slug].adapter.parameters for seat in plan.seats)
    return Identity(
        mode=question.wishes.mode,
        core_slug=core.slug,
        core_digest=core.digest,
        alpha=settings.ALPHA,
        composition=_composition(question, plan, core),
        lambda_active=core.parameters / (core.parameters + voting),
        lambda_total=core.parameters / (core.parameters + max(trained, voting)),
    )


def _composition(question: Question, plan: Plan, core: Core) -> dict[str, Any]:
    """What is hashed; it stands on the receipt, so that its reader can hash it too."""
    return {
        "core": core.digest,
        "constants": constants_digest(),
        "mode": question.wishes.mode,
        "alpha": settings.ALPHA,
        "temperature": question.temperature,
        "seats": [_seat(seat, private=question.wishes.is_private) for seat in plan.seats],
    }


def _seat(seat: Seat, *, private: bool) -> dict[str, Any]:
    """A private seat's relevance and text are its own secrets, and a plain hash would confirm a guess."""
    digest = seat.admitted.partition.digest
    quote = seat.admitted.limits.quote  # without it the seat is silent before twelve of its own words
    rights = {"source": seat.slug, "gamma": seat.gamma, "group": seat.group, "quote": quote}
    if private:
        return {**rights, "partition": keyed_digest(digest), "eta": seat.eta}
    return {**rights, "partition": digest, "relevance": seat.relevance}
