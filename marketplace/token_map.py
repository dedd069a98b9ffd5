"""The small port through which a buyer's page learns what each source moved at each token.

Only the engine can say it. Which function asks it is a setting, as for topics (`marketplace.topic_judge`):
the market knows none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.models import Organisation

Ask = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class TokenMap:
    """One page of rows and their sentences; or `problem`, why there is none, in one sentence."""

    rows: tuple[Mapping[str, Any], ...] = ()
    spans: tuple[Mapping[str, Any], ...] = ()
    of: int = 0
    next: int | None = None
    problem: str = ""


def token_map(*, receipt_id: UUID, organisation: Organisation, first: int, count: int) -> TokenMap:
    """Of an answer that the organisation bought; the caller has looked at whose it is."""
    ask: Ask = import_string(settings.HEAT_MAP)
    said = ask(receipt_id=receipt_id, organisation=organisation, first=first, count=count)
    if "problem" in said:
        return TokenMap(problem=said["problem"])
    return TokenMap(tuple(said["rows"]), tuple(said["spans"]), said["of"], said["next"])
