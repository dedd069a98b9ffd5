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
    spend_cap_account_id: int | None,
    terms: Sequence[SeatTerms],
    fee_basis_points: int,
    max_price_micro_usd: int | None,
) -> Seats:
    """Who sits, at which price; PaymentRequired when the money for them is refused."""
    budget_ids = {account_id for seat in terms for account_id in seat.budget_account_ids}
    money_ids = {wallet_id} | ({spend_cap_account_id} - {None})
    earnings_ids = {seat.earnings_account_id for seat in terms}
    accounts = lock({*budget_ids, *(i for i in money_ids if i is not None)})
    _require_kinds(accounts, budget_ids, wallet_id, spend_cap_account_id)
    _require_earnings(earnings_ids)
    seated, refused = _seat(terms, {i: available(accounts[i]) for i in budget_ids})
    quote = quote_micro_usd(seated, fee_basis_points)
    _require_price(quote, max_price_micro_usd)
    _require_money(quote, available(accounts[wallet_id]) or 0)
    if spend_cap_account_id is not None:
        _require_cap(quote, available(accounts[spend_cap_account_id]) or 0)
    return Seats(seated=seated, refused=refused, quote=quote)


def _require_kinds(
    accounts: dict[int, Account], budget_ids: set[int], wallet_id: int, spend_cap_account_id: int | None
) -> None:
    wanted = {**dict.fromkeys(budget_ids, AccountKind.BUDGET), wallet_id: AccountKind.WALLET}
    if spend_cap_account_id is not None:
        wanted[spend_cap_account_id] = AccountKind.SPEND_CAP
    for account_id, kind in wanted.items():
        if accounts[account_id].kind != kind:
            raise Invalid(f"Account {account_id} is a {accounts[account_id].kind}, not a {kind}.")


def _require_earnings(account_ids: set[int]) -> None:
    found = Account.objects.filter(pk__in=account_ids, kind=AccountKind.EARNINGS).count()
    if found != len(account_ids):
        raise Invalid("Every seat needs an earnings account that exists.")


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


def _require_price(quote: Quote, max_price_micro_usd: int | None) -> None:
    if max_price_micro_usd is not None and quote.total > max_price_micro_usd:
        raise PaymentRequired(
            f"This can cost {quote.total} micro-USD, above your maximum of {max_price_micro_usd}.",
            next_step="Raise max_price_micro_usd, or ask for a shorter answer or fewer sources.",
            quote_micro_usd=quote.total,
            available_micro_usd=max_price_micro_usd,
        )


def _require_money(quote: Quote, left: int) -> None:
    if quote.total > left:
        raise PaymentRequired(
            f"This can cost {quote.total} micro-USD and the wallet has {left} left.",
            next_step="Top the wallet up, or set max_price_micro_usd to what it has.",
            quote_micro_usd=quote.total,
            available_micro_usd=left,
        )


def _require_cap(quote: Quote, left: int) -> None:
    if quote.total > left:
        raise PaymentRequired(
            f"This can cost {quote.total} micro-USD and the spend cap of this key has {left} left.",
            next_step="Raise the cap of the key, or set max_price_micro_usd to what it has left.",
            code="spend_cap_reached",
            quote_micro_usd=quote.total,
            available_micro_usd=left,
        )
