"""Opens accounts and finds the few that the system has one of. Moves nothing.

`open_account` joins the caller's transaction, so that a source and its accounts come into being together.
"""

from collections.abc import Collection

from accounting.errors import Invalid
from accounting.models import Account, AccountKind, Asset
from accounting.models.accounts import ASSET_OF_KIND, RUNNING_KINDS, SYSTEM_KINDS

__all__ = ["Account", "AccountKind", "Asset", "open_account", "system_accounts"]


def open_account(*, asset: Asset, kind: AccountKind, label: str) -> Account:
    """A new, empty account: a wallet without money, a budget or a spend cap of zero."""
    if ASSET_OF_KIND[kind] != asset:
        raise Invalid(f"An account of kind {kind} is kept in {ASSET_OF_KIND[kind]}, not in {asset}.")
    if kind in SYSTEM_KINDS:
        raise Invalid(f"There is exactly one account of kind {kind}, and the system opens it.")
    return Account.objects.create(asset=asset, kind=kind, label=label, limited=kind in RUNNING_KINDS)


def system_accounts(kinds: Collection[AccountKind]) -> dict[str, int]:
    """The ids of the accounts that exist once, opened on first use."""
    found = _existing(kinds)
    absent = [kind for kind in kinds if kind not in found]
    if absent:
        Account.objects.bulk_create(
            [Account(asset=ASSET_OF_KIND[kind], kind=kind, label=kind.label) for kind in absent],
            ignore_conflicts=True,
        )
        found = _existing(kinds)
    return found


def _existing(kinds: Collection[AccountKind]) -> dict[str, int]:
    return dict(Account.objects.filter(kind__in=kinds).values_list("kind", "pk"))
