"""Decides who a hold seats: budgets first, then money for those who sit. Reads and locks, writes nothing.

All accounts are locked once, in ascending id, so that two holds never wait for each other in a circle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accounting.errors import Invalid, PaymentRequired
from accounting.ledger import available, lock
from accounting.models import Account, AccountKind
from accounting.pricing import Quote, quote_micro_usd
from accounting.terms import SeatTerms


@dataclass(frozen=True, slots=True)
class Seats:
    seated: tuple[SeatTerms, ...]
    refused: tuple[SeatTerms, ...]
    quote: Quote


def decide(
    *,
    wallet_id: int,
    spend_cap_account_ids: Sequence[int],
    terms: Sequence[SeatTerms],
    fee_basis_points: int,
    max_price_micro_usd: int | None,
) -> Seats:
    """Who sits, at which price; PaymentRequired when the money for them is refused."""
    accounts = require_accounts(wallet_id=wallet_id, spend_cap_account_ids=spend_cap_account_ids, terms=terms)
    budget_ids = {account_id for seat in terms for account_id in seat.budget_account_ids}
    seated, refused = _seat(terms, {i: available(accounts[i]) for i in budget_ids})
    quote = quote_micro_usd(seated, fee_basis_points)
    if max_price_micro_usd is not None and quote.total > max_price_micro_usd:
        raise price_refused(quote.total, max_price_micro_usd)
    for account_id in (wallet_id, *sorted(spend_cap_account_ids)):
        left = available(accounts[account_id]) or 0
        if quote.total > left:
            raise money_refused(accounts[account_id], quote.total, left)
    return Seats(seated=seated, refused=refused, quote=quote)


def require_accounts(
    *, wallet_id: int, spend_cap_account_ids: Sequence[int], terms: Sequence[SeatTerms]
) -> dict[int, Account]:
    """The accounts that can refuse, held until the transaction ends; each must exist and be of its kind."""
    wanted: dict[int, AccountKind] = {
        account_id: AccountKind.BUDGET for seat in terms for account_id in seat.budget_account_ids
    }
    wanted[wallet_id] = AccountKind.WALLET
    wanted.update(dict.fromkeys(spend_cap_account_ids, AccountKind.SPEND_CAP))
    accounts = lock(wanted)
    for account_id, kind in wanted.items():
        if accounts[account_id].kind != kind:
            raise Invalid(f"Account {account_id} is a {accounts[account_id].kind}, not a {kind}.")
    earnings = {seat.earnings_account_id for seat in terms}
    if Account.objects.filter(pk__in=earnings, kind=AccountKind.EARNINGS).count() != len(earnings):
        raise Invalid("Every seat needs an earnings account that exists.")
    return accounts


def _seat(
    terms: Sequence[SeatTerms], left: dict[int, int | None]
) -> tuple[tuple[SeatTerms, ...], tuple[SeatTerms, ...]]:
    seated, refused = [], []
    for seat in terms:
        block = seat.first_block_nano_nats
        rests = {account_id: left[account_id] for account_id in seat.budget_account_ids}
        if block <= 0 or any(rest is not None and rest < block for rest in rests.values()):
            refused.append(seat)
            continue
        seated.append(seat)
        left.update(
            {account_id: None if rest is None else rest - block for account_id, rest in rests.items()}
        )
    return tuple(seated), tuple(refused)


def price_refused(quote_micro_usd: int, most_micro_usd: int) -> PaymentRequired:
    return PaymentRequired(
        f"This can cost {quote_micro_usd} micro-USD, above your maximum of {most_micro_usd}.",
        next_step="Raise max_price_micro_usd, or ask for a shorter answer or fewer sources.",
        quote_micro_usd=quote_micro_usd,
        available_micro_usd=most_micro_usd,
    )


def money_refused(account: Account, quote_micro_usd: int, left_micro_usd: int) -> PaymentRequired:
    """The wallet, or a spend cap of the key, has less left than the answer can cost."""
    if account.kind == AccountKind.WALLET:
        return PaymentRequired(
            f"This can cost {quote_micro_usd} micro-USD and the wallet has {left_micro_usd} left.",
            next_step="Top the wallet up, or set max_price_micro_usd to what it has.",
            quote_micro_usd=quote_micro_usd,
            available_micro_usd=left_micro_usd,
        )
    return PaymentRequired(
        f"This can cost {quote_micro_usd} micro-USD and the {account.label} has {left_micro_usd} left.",
        next_step="Raise the cap of the key, or set max_price_micro_usd to what it has left.",
        code="spend_cap_reached",
        quote_micro_usd=quote_micro_usd,
        available_micro_usd=left_micro_usd,
        spend_cap=account.label,
    )
