"""Ends an answer that cannot go on, in the one order that is safe.

Its hold ends and its row is closed before the caller is told, so that whoever reads the problem finds the
books in place. Must not decide what the problem is.
"""

from datetime import datetime
from uuid import UUID

from accounting.errors import DomainError
from accounting.settlement import settle_lost
from inference import lifecycle
from inference.channel import AnswerChannel
from inference.problems import told


def end_badly(*, answer_id: UUID, refusal: DomainError, channel: AnswerChannel, now: datetime) -> None:
    problem = told(refusal)
    settle_lost(hold_id=answer_id, now=now, reason=refusal.code)
    lifecycle.fail(answer_id=answer_id, problem=problem, now=now)
    channel.publish(answer_id, {"type": "error", "problem": problem})
