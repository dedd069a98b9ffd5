"""`manage.py ledger check` proves the books, `manage.py ledger trial-balance` shows them."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounting.check import Checked, check
from accounting.ledger import totals_by_kind, trial_balance


class Command(BaseCommand):
    help = "Proves that the seven rules hold over the whole database, or prints the trial balance."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["check", "trial-balance"])
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")

    def handle(self, *_: Any, action: str, **options: Any) -> None:
        if action == "trial-balance":
            self._print_trial_balance(as_json=options["json"])
            return
        checked = check(now=timezone.now())
        self._print_check(checked, as_json=options["json"])
        if not checked.sound:
            raise SystemExit(1)

    def _print_check(self, checked: Checked, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"sound": checked.sound, **asdict(checked)}))
            return
        for breach in checked.breaches:
            self.stdout.write(str(breach))
        verdict = "the books are sound" if checked.sound else f"{len(checked.breaches)} rules broken"
        self.stdout.write(
            f"{verdict}: {checked.accounts} accounts, {checked.transfers} transfers, "
            f"{checked.receipts} receipts, {checked.open_holds} open holds ({checked.overdue_holds} overdue)"
        )

    def _print_trial_balance(self, *, as_json: bool) -> None:
        kinds, totals = totals_by_kind(), trial_balance()
        if as_json:
            rows = [{**asdict(kind), "balance": kind.balance} for kind in kinds]
            sums = {asset.value: {"debits": d, "credits": c} for asset, (d, c) in totals.items()}
            self.stdout.write(json.dumps({"kinds": rows, "totals": sums}))
            return
        self.stdout.write(f"{'asset':<10} {'kind':<16} {'debits':>20} {'credits':>20} {'balance':>21}")
        for kind in kinds:
            self.stdout.write(
                f"{kind.asset:<10} {kind.kind:<16} {kind.debits:>20} {kind.credits:>20} {kind.balance:>21}"
            )
        for asset, (debits, credited) in totals.items():
            self.stdout.write(f"{asset:<10} {'all':<16} {debits:>20} {credited:>20} {credited - debits:>21}")
