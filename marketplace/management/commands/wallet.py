"""`manage.py wallet top-up ORGANISATION MICRO_USD`: put money into a consumer's wallet.

The operator's way in for money that did not come through a payment provider. Repeating it with the same
--operation-id adds nothing.
"""

from typing import Any
from uuid import UUID, uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounting import wallets
from accounting.errors import DomainError
from marketplace.models import Organisation


class Command(BaseCommand):
    help = "Top up an organisation's wallet."

    def add_arguments(self, parser: CommandParser) -> None:
        top_up = parser.add_subparsers(dest="action", required=True).add_parser("top-up")
        top_up.add_argument("organisation", help="slug")
        top_up.add_argument("micro_usd", type=int, help="1 USD is 1000000")
        top_up.add_argument("--operation-id", type=UUID, default=None, help="repeat safely with the same id")
        top_up.add_argument("--acting-user", default="operator", help="the name that the ledger keeps")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            organisation = Organisation.objects.get(slug=options["organisation"])
            balance = wallets.top_up(
                wallet_id=organisation.wallet_account_id,
                amount_micro_usd=options["micro_usd"],
                operation_id=options["operation_id"] or uuid4(),
                acting_user_label=options["acting_user"],
                organisation_slug=organisation.slug,
                now=timezone.now(),
            )
        except Organisation.DoesNotExist as error:
            raise CommandError(f"There is no organisation '{options['organisation']}'.") from error
        except DomainError as error:
            raise CommandError(f"{error.detail} {error.next_step}".strip()) from error
        self.stdout.write(f"{organisation.slug}: {balance.available:,} micro-USD available")
