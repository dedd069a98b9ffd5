"""`manage.py audit verify` proves the sealed books, `seal` seals now, `heads` and `export` give them out."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounting.sealing import checking, export, heads, sealer
from accounting.sealing.books import BOOKS, book_named


class Command(BaseCommand):
    help = "Proves that audit events, transfers and receipts are those that were written; exits 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="name every row that was changed, removed, added or moved")
        verify.add_argument("--heads", type=Path, help="signed heads that you kept; default: those of var/")
        verify.add_argument("--json", action="store_true", help="print one JSON object instead of text")
        verify.add_argument("--acting-user", default="operator", help="the name that the audit log keeps")
        actions.add_parser("seal", help="seal what came more than a minute ago (upkeep does it by itself)")
        actions.add_parser("heads", help="print the signed end of every chain: keep it where nobody writes")
        exporting = actions.add_parser("export", help="print a book as JSON lines, in the order of its chain")
        exporting.add_argument("--book", choices=[book.name for book in BOOKS], default="audit")

    def handle(self, *_args: Any, action: str, **options: Any) -> None:
        actions = {"verify": self._verify, "seal": self._seal, "heads": self._heads, "export": self._export}
        actions[action](options)

    def _verify(self, options: dict[str, Any]) -> None:
        kept = json.loads(options["heads"].read_text()) if options["heads"] else None
        verified = checking.verify_and_note(
            acting_user_label=options["acting_user"], now=timezone.now(), kept_outside=kept
        )
        if options["json"]:
            findings = [{"subject": one.subject, "what": one.what} for one in verified.findings]
            counts = {"seals": verified.seals, "rows": verified.rows, "heads": verified.heads}
            self.stdout.write(json.dumps({"sound": verified.sound, "findings": findings, **counts}))
        else:
            for found in verified.findings:
                self.stdout.write(str(found))
            verdict = "the books are as sealed" if verified.sound else f"{len(verified.findings)} findings"
            self.stdout.write(f"{verdict}: {verified.rows} rows under {verified.seals} seals")
        if not verified.sound:
            raise SystemExit(1)

    def _seal(self, _options: dict[str, Any]) -> None:
        for seal in sealer.seal_books(now=timezone.now()):
            self.stdout.write(f"{seal}: {seal.count} rows, head {seal.head}")

    def _heads(self, _options: dict[str, Any]) -> None:
        newest = {book.name: seal.jws for book in BOOKS if (seal := heads.newest(book.name))}
        self.stdout.write(json.dumps(newest, indent=2))

    def _export(self, options: dict[str, Any]) -> None:
        for row in export.exported(book_named(options["book"])):
            self.stdout.write(json.dumps(row, ensure_ascii=False))
