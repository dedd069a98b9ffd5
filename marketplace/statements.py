"""Monthly statements of an organisation: what it paid, and what its sources earned, with everybody's names.

Accounting knows accounts; here its lines get the slugs of sources and payers, and say where each one leads.
The rows are plain values that the API writes as JSON or CSV and the portal as pages. Reads only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from accounting import monthly_statements, shared_influence
from accounting.monthly_statements import Statement
from accounting.periods import Month
from accounting.statement_lines import ANSWER, Line
from marketplace.models import Organisation, Source

A_BATCH = 500
MOST_NAMES = 5000  # payers that are kept by name at a time
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NamedStatement:
    """A statement, whose it is, and the slugs of its accounts' sources."""

    organisation: Organisation
    source: Source | None  # None: all of the organisation
    statement: Statement
    sources: Mapping[int, str]  # by earnings account

    @property
    def about(self) -> str:
        return self.source.slug if self.source else self.organisation.slug

    @property
    def filename(self) -> str:
        kind = "statement" if self.statement.of == "paid" else "earnings"
        return f"{kind}-{self.about}-{self.statement.month}"

    def rows(self) -> Iterator[Row]:
        """Every line, named, oldest first; walk them once to the end."""
        lines, names = self.statement.lines(), _Payers()
        while batch := list(islice(lines, A_BATCH)):
            payers = names.of(line for line, _ in batch)
            for line, balance in batch:
                yield self._row(line, balance, payers)

    def _row(self, line: Line, balance: int, payers: Mapping[int, str]) -> Row:
        row: Row = {
            "at": line.at,
            "kind": line.kind,
            "receipt_id": line.receipt_id,
            "transfer_id": line.transfer_id,
            "reverses_transfer_id": line.reverses_id,
        }
        return row | self._own(line, payers) | {
            "amount_micro_usd": line.amount_micro_usd,
            "balance_micro_usd": balance,
        }  # fmt: skip

    def _own(self, line: Line, payers: Mapping[int, str]) -> Row:
        if self.statement.of == "paid":
            return {
                "sources": list(line.rested_on),
                "charges_micro_usd": line.charges_micro_usd,
                "fee_micro_usd": line.fee_micro_usd,
                "shared_nano_nats": line.shared_nano_nats,
            }
        payer = line.paid_by_wallet_id
        return {
            "source": self.sources.get(line.account_id),
            "consumer": None if payer is None else payers.get(payer),
            "nano_nats": line.nano_nats,
            "charge_micro_usd": line.charges_micro_usd,
            "floor_top_up_micro_usd": line.floor_top_up_micro_usd,
        }

    def heading(self) -> Row:
        """What is known before the first line."""
        statement = self.statement
        return {
            "statement": statement.of,
            "organisation": self.organisation.slug,
            "source": self.source.slug if self.source else None,
            "currency": "USD",
            "unit": "micro_usd",
            "month": str(statement.month),
            "time_zone": "UTC",
            "from": statement.month.since,
            "to": statement.month.until,
            "as_of": statement.as_of,
            "final": statement.final,
            "opening_balance_micro_usd": statement.opening_micro_usd,
        }

    def ending(self) -> Row:
        """What is known after the last line: sums of exactly the lines that were given out."""
        statement, totals = self.statement, self.statement.totals
        own: Row = {"charges_micro_usd": totals.charges_micro_usd}
        if statement.of == "paid":
            own["fee_micro_usd"] = totals.fee_micro_usd
        else:
            own["floor_top_ups_micro_usd"] = totals.floor_top_ups_micro_usd
            own["nano_nats"] = totals.nano_nats
        return {
            "totals": [
                {"kind": kind, "lines": total.lines, "amount_micro_usd": total.amount_micro_usd}
                for kind, total in sorted(totals.by_kind.items(), key=_answers_first)
            ],
            "answers": own,
            "line_count": totals.lines,
            "moved_micro_usd": totals.moved_micro_usd,
            "closing_balance_micro_usd": statement.closing_micro_usd,
            "shared_influence": self.shared(),
        }

    def shared(self) -> Row | None:
        """The month's shared influence, a line of its own; None where no open answer was measured."""
        totals = self.statement.totals
        if totals.shared_nano_nats is None:
            return None
        return {
            "nano_nats": totals.shared_nano_nats,
            "nats": totals.shared_nano_nats / shared_influence.NANO_PER_NAT,
            "answers": totals.measured_answers,
            "meaning": shared_influence.sentence(totals.shared_nano_nats),
        }


def of_consumer(*, organisation: Organisation, month: Month, now: datetime) -> NamedStatement:
    statement = monthly_statements.of_consumer(wallet_id=organisation.wallet_account_id, month=month, now=now)
    return NamedStatement(organisation, None, statement, {})


def of_owner(
    *, organisation: Organisation, source: Source | None = None, month: Month, now: datetime
) -> NamedStatement:
    """Of one source, or of all that the organisation has, withdrawn ones too."""
    sources = [source] if source else list(organisation.sources.order_by("pk"))
    by_account = {one.earnings_account_id: one.slug for one in sources}
    statement = monthly_statements.of_owner(earnings_account_ids=sorted(by_account), month=month, now=now)
    return NamedStatement(organisation, source, statement, by_account)


class _Payers:
    """Slugs of payers by their wallet, asked for once a batch and forgotten when they get many."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}

    def of(self, lines: Iterator[Line]) -> Mapping[int, str]:
        wanted = {wallet for line in lines if (wallet := line.paid_by_wallet_id) is not None}
        if len(self._known) > MOST_NAMES:
            self._known.clear()
        unknown = wanted - self._known.keys()
        if unknown:
            found = Organisation.objects.filter(wallet_account_id__in=unknown)
            self._known.update(found.values_list("wallet_account_id", "slug"))
        return self._known


def _answers_first(item: tuple[str, object]) -> tuple[bool, str]:
    return item[0] != ANSWER, item[0]
