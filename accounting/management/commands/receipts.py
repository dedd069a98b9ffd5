"""`manage.py receipts keys` lists the keys that receipts verify with; `rotate-key`, `new-key` make one."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounting import key_rotation, signing
from accounting.errors import DomainError


class Command(BaseCommand):
    help = "Lists the public keys of receipts, or makes a new signing key; earlier receipts stay verifiable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("keys", help="print what /.well-known/jwks.json publishes")
        rotate = actions.add_parser("rotate-key", help="sign with a new key from now on; retire the old one")
        rotate.add_argument("--acting-user", default="operator", help="the name that the audit log keeps")
        new = actions.add_parser("new-key", help="write a private key for an environment that gives the key")
        new.add_argument("--to", type=Path, required=True, help="a file that is not there yet")

    def handle(self, *_args: Any, action: str, **options: Any) -> None:
        try:
            {"keys": self._keys, "rotate-key": self._rotate, "new-key": self._new}[action](options)
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.next_step}".strip()) from error

    def _keys(self, _options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(signing.jwks(), indent=2))

    def _rotate(self, options: dict[str, Any]) -> None:
        key_id = key_rotation.rotate(acting_user_label=options["acting_user"], now=timezone.now())
        retired = len(signing.jwks()["keys"]) - 1
        self.stdout.write(f"signing with {key_id} from now on; {retired} retired keys stay published")

    def _new(self, options: dict[str, Any]) -> None:
        if options["to"].exists():
            raise CommandError(f"{options['to']} is there already. Name a file that is not.")
        self.stdout.write(f"wrote the private key {key_rotation.write_new_key(options['to'])}")
