"""Has the engine compute a certificate of zero influence: the web's half, which must not load torch.

`zero_influence` is the engine's half; the certificate's row is in the market's hands.
"""

from datetime import datetime
from uuid import UUID

from inference import lifecycle
from inference.lifecycle import Asked
from inference.models import AnswerKind
from marketplace.models import Organisation


def ask(*, certificate_id: UUID, organisation: Organisation, now: datetime) -> None:
    """The market's port: a piece of work for the engine, told on commit."""
    body = {"of": "zero_influence", "certificate_id": str(certificate_id)}
    lifecycle.queue(Asked(organisation, None, AnswerKind.MEASUREMENT, body), now=now)
