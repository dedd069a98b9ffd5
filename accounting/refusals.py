"""A refusal as an outcome: kept with its operation, and raised again word for word when it is repeated.

Only refusals that depend on the state of the books are kept (funds, what is still pending); malformed
requests are refused before they leave a trace.
"""

from typing import Any

from accounting.errors import Conflict, DomainError, Invalid, NotFound
from accounting.operations import Outcome

_KINDS: dict[str, type[DomainError]] = {kind.__name__: kind for kind in (Conflict, Invalid, NotFound)}


def kept(refusal: DomainError) -> Outcome:
    """The outcome to store; an unforeseen kind of refusal is not for keeping and goes on as it is."""
    name = type(refusal).__name__
    if name not in _KINDS:
        raise refusal
    said = {"detail": refusal.detail, "next_step": refusal.next_step, "code": refusal.code}
    return {"refused": {"kind": name, **said, "extra": refusal.extra}}


def raise_if_refused(outcome: Outcome) -> None:
    refused: dict[str, Any] | None = outcome.get("refused")
    if refused is not None:
        raise _KINDS[refused["kind"]](
            refused["detail"], next_step=refused["next_step"], code=refused["code"], **refused["extra"]
        )
