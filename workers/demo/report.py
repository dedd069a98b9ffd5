"""What the demo prints: answers, who voted and who did not, what it cost, and how long each stage took.

It renders the API's own response bodies; it computes nothing but sums of what they say.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from accounting import shared_influence, words
from accounting.accounts import Asset
from marketplace.models import Partition

JsonObject = dict[str, Any]


class Report:
    """The demo's voice on the terminal, and its stopwatch."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.stages: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.console.print(f"\n[bold]{escape(name)}[/bold]")
        started = time.perf_counter()
        yield
        self.stages.append((name, time.perf_counter() - started))

    def line(self, text: str) -> None:
        self.console.print(f"  {escape(text)}", highlight=False)

    def partition(self, partition: Partition) -> None:
        """What training came to, on text that it never saw."""
        metrics = partition.metrics
        self.line(
            f"{partition.source.slug}: {metrics['passages']:,} passages, adapter on {metrics['tokens']:,} "
            f"tokens, held-out bits per byte {metrics['held_out_bits_core']:.3f} (core) -> "
            f"{metrics['held_out_bits_adapter']:.3f} (with its adapter): "
            + ("it votes" if metrics["votes"] else "it does not vote")
        )

    def logins(self, *, base_url: str, logins: list[tuple[str, str, str]], curl: str) -> None:
        table = Table(title=f"Sign in at {base_url}", title_justify="left")
        for column in ("who", "username", "password"):
            table.add_column(column)
        for row in logins:
            table.add_row(*(escape(cell) for cell in row))
        self.console.print(table)
        self.line("Ask again:")
        self.console.print(curl, markup=False, soft_wrap=True)

    def answer(self, *, question: str, body: JsonObject, verification: JsonObject) -> None:
        abc = body["abc"]
        text = body["choices"][0]["message"]["content"].strip()
        self.line(question)
        self.console.print(Panel(escape(text), width=100))
        self.console.print(_voters(abc))
        if abc["excluded"]:
            self.console.print(_excluded(abc["excluded"]))
        counts = ", ".join(f"{count} by {rule}" for rule, count in abc.get("excluded_counts", {}).items())
        if counts:
            self.line(f"all that did not vote: {counts}")
        shared = shared_influence.nano_nats_of(abc)
        if shared is not None:
            self.line(
                "shared influence (what leave-one-out shares do not explain): "
                f"{words.signed_nats(shared)}. {abc['shared_meaning']}"
            )
        fee = f"of which the platform's fee {abc['fee_micro_usd']:,}"
        self.line(f"total {abc['charge_micro_usd']:,} micro-USD, {fee}")
        self.line(f"receipt {abc['receipt_id']}: {_verified(verification)}")

    def trial_balance(self, balance: Mapping[Asset, tuple[int, int]]) -> None:
        table = Table(title="Trial balance: debits = credits over all accounts", title_justify="left")
        for column in ("asset", "debits", "credits", "difference"):
            table.add_column(column, justify="left" if column == "asset" else "right")
        for asset, (debits, credited) in balance.items():
            table.add_row(asset, f"{debits:,}", f"{credited:,}", f"{debits - credited:,}")
        self.console.print(table)

    def times(self) -> None:
        table = Table(title="Where the time went", title_justify="left")
        table.add_column("stage")
        table.add_column("seconds", justify="right")
        for name, seconds in self.stages:
            table.add_row(escape(name), f"{seconds:.1f}")
        table.add_section()
        table.add_row("all", f"{sum(seconds for _, seconds in self.stages):.1f}")
        self.console.print(table)


def _voters(abc: JsonObject) -> Table:
    table = Table(title=f"Who voted ({abc['mode']}, alpha {abc['alpha']:g})", title_justify="left")
    table.add_column("source", no_wrap=True)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for row in abc["sources"]:
        table.add_row(escape(row["source"]), *_measured(row))
    if not abc["sources"]:
        table.add_row("the core alone", *([""] * len(_COLUMNS)))
    return table


_COLUMNS = (
    "relevance",
    "gamma\nasked",
    "gamma\ngiven",
    "forward\nnats",
    "reverse\nnats",
    "symmetric\nnats",
    "help\nnats/token",
    "charge\nnats",
    "charge\nmicro-USD",
)


def _measured(row: JsonObject) -> list[str]:
    nats = row["attribution_nats"] or {}
    limited = f"\n({row['limited_by']})" if row["limited_by"] else ""
    return [
        _shown(row["relevance"]),
        _shown(row["gamma_requested"]),
        _shown(row["gamma_effective"]) + limited,
        *(_shown(nats.get(way)) for way in ("forward", "reverse", "symmetric")),
        _shown(row["help_nats"]),
        _shown(row.get("charge_nats")),
        f"{row['charge_micro_usd']:,}",
    ]


def _excluded(rows: list[JsonObject]) -> Table:
    table = Table(title="Who did not, and by which rule", title_justify="left")
    for column in ("source", "rule", "reason"):
        table.add_column(column)
    for row in rows:
        table.add_row(escape(row["source"]), row["rule"], escape(row["reason"]))
    return table


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:z.3f}"  # never -0.000


def _verified(verification: JsonObject) -> str:
    said = [f"signature {'valid' if verification['signature'] else 'NOT VALID'}"]
    said.append(f"sums {'right' if verification['sums'] else 'WRONG'}")
    if verification["replayed"]:
        said.append(f"replayed, largest error {verification['max_error']:.1e} nats a token")
    else:
        said.append(f"not replayed: {verification['reason']}")
    return ", ".join(said)
