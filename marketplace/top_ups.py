"""Money into an organisation's wallet: who may ask for it, and from whom. Step 0 of a buyer's way.

Treasurers pay through the provider; operators credit money that came some other way. What moves is
accounting's.
"""

from datetime import datetime
from uuid import UUID

from accounting import wallets
from accounting.ledger import Balance
from accounting.models import TopUp
from accounting.payments import top_ups
from accounting.payments.provider import Provider
from marketplace.models import Organisation, User
from marketplace.roles import BOOKKEEPERS, TREASURERS, require_role, require_staff


def start(
    *,
    organisation: Organisation,
    amount_micro_usd: int,
    operation_id: UUID,
    provider: Provider,
    return_address: top_ups.AddressOf,
    acting_user: User,
    now: datetime,
) -> TopUp:
    """A checkout at the provider; the same id and amount gives the same one."""
    require_role(acting_user=acting_user, organisation=organisation, roles=TREASURERS)
    return top_ups.request(
        wallet_id=organisation.wallet_account_id,
        label=organisation.slug,
        amount_micro_usd=amount_micro_usd,
        operation_id=operation_id,
        provider=provider,
        description=f"Wallet of {organisation.name}",
        return_address=return_address,
        acting_user=acting_user.username,
        now=now,
    )


def by_operator(
    *,
    organisation: Organisation,
    amount_micro_usd: int,
    operation_id: UUID,
    acting_user: User,
    now: datetime,
) -> Balance:
    """The operator says that the money is here, and it is credited at once."""
    require_staff(acting_user, BOOKKEEPERS)
    return wallets.top_up(
        wallet_id=organisation.wallet_account_id,
        amount_micro_usd=amount_micro_usd,
        operation_id=operation_id,
        acting_user_label=acting_user.username,
        organisation_slug=organisation.slug,
        now=now,
    )
