"""A refusal as a JSON value and back, so that it can travel from the engine to the caller unchanged.

The engine publishes and keeps problems; the web process raises them again, and the API renders them.
"""

from collections.abc import Mapping
from typing import Any

from accounting.errors import DomainError

Problem = Mapping[str, Any]


class Unavailable(DomainError):
    """Nothing is wrong with the request; trying again later may work."""

    code, status, title = "unavailable", 503, "The answer could not be made"


def told(error: DomainError) -> dict[str, Any]:
    """The refusal as a problem."""
    return {
        "code": error.code,
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
        "next_step": error.next_step,
        "extra": error.extra,
    }


def error_of(problem: Problem) -> DomainError:
    """The same refusal as an exception, with the status and title that it had."""
    error = DomainError(
        problem["detail"], next_step=problem["next_step"], code=problem["code"], **problem["extra"]
    )
    error.status = problem["status"]
    error.title = problem["title"]
    return error


ENGINE_FAILED = Unavailable(
    "The engine failed while making this answer. What was delivered is settled; nothing else is charged.",
    next_step="Send the request again.",
    code="engine_failed",
)
ENGINE_LOST = Unavailable(
    "The engine that worked on this answer is gone. What was delivered is settled; the rest is given back.",
    next_step="Send the request again.",
    code="engine_lost",
)
ENGINE_LOST.status = 504
CALLER_LEFT = Unavailable(
    "The caller left before an engine began with this answer. Nothing is charged.",
    next_step="Send the request again.",
    code="caller_left",
)
