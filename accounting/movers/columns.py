"""Spells columns of values for a server function: one PostgreSQL array literal each, whatever its length.

A literal is read by the server in one go, where a list of values would be parsed as SQL. Text only; it must
not know what the columns mean.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID


class Accounts:
    """What can refuse, each account once, in the order of all writers: budgets, wallets, spend caps by id."""

    def __init__(self, *, budgets: Iterable[int], wallets: Iterable[int], spend_caps: Iterable[int]) -> None:
        of_kind = {
            "budget": sorted(set(budgets)),
            "wallet": sorted(set(wallets)),
            "spend_cap": sorted(set(spend_caps)),
        }
        self.ids = [account for ids in of_kind.values() for account in ids]
        self.kinds = [kind for kind, ids in of_kind.items() for _ in ids]
        self._places = {named: place for place, named in enumerate(zip(self.kinds, self.ids, strict=True), 1)}

    def places(self, kind: str, account_ids: Iterable[int]) -> str:
        """Where each is among `ids`, counted from 1; an account that is named as two kinds is there twice."""
        return column([self._places[kind, account] for account in account_ids])


def column(values: Iterable[int | None]) -> str:
    return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"


def uuids(values: Iterable[UUID]) -> str:
    return "{" + ",".join([value.hex for value in values]) + "}"


def moments(values: Iterable[datetime]) -> str:
    return "{" + ",".join([value.isoformat() for value in values]) + "}"


def texts(values: Iterable[str]) -> str:
    escaped = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(escaped) + '"}' if escaped else "{}"
