"""What an answer is made from, as one digest, and how much of it is shared: composition hash and lambda.

Equal hashes mean the same core, the same constants and the same seats with the same rights. The question is
not part of it.
"""

import hashlib
import json

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
        composition_hash=_digest(question, plan, core),
        lambda_active=core.parameters / (core.parameters + voting),
        lambda_total=core.parameters / (core.parameters + max(trained, voting)),
    )


def _digest(question: Question, plan: Plan, core: Core) -> str:
    content = {
        "core": core.digest,
        "constants": constants_digest(),
        "mode": question.wishes.mode,
        "alpha": settings.ALPHA,
        "temperature": question.temperature,
        "seats": [_seat(seat, private=question.wishes.is_private) for seat in plan.seats],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _seat(seat: Seat, *, private: bool) -> list[object]:
    """A private seat's relevance and text are its own secrets, and a plain hash would confirm a guess."""
    digest = seat.admitted.partition.digest
    if private:
        return [seat.slug, keyed_digest(digest), seat.gamma, seat.eta, seat.group]
    return [seat.slug, digest, seat.gamma, seat.relevance, seat.group]
