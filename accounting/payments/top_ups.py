"""Asks for top-ups and credits them: the use cases of money that comes in.

`request` writes its row first, then asks the provider outside any transaction under the row's id, so that a
repeat after any failure finds the same checkout. `credit` runs once, whoever calls it and however often.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from accounting import audit, operations
from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import Account, AccountKind, TopUp, TopUpProvider, TopUpState
from accounting.payments import crediting
from accounting.payments.cents import cents_of
from accounting.payments.provider import Checkout, Order, Provider
from accounting.terms import whole
from accounting.writes import durable_write

AddressOf = Callable[[UUID], str]
SAME_CHECKOUT_FOR = timedelta(hours=20)  # providers forget our ids after a day and would begin a second one


def request(
    *,
    wallet_id: int,
    label: str,
    amount_micro_usd: int,
    operation_id: UUID,
    provider: Provider,
    description: str,
    return_address: AddressOf,
    acting_user: str,
    now: datetime,
) -> TopUp:
    """A checkout for a top-up; the same id and content gives the same checkout."""
    cents = cents_of(amount_micro_usd)
    if not provider.least_cents <= cents <= provider.most_cents:
        raise Invalid(
            f"A payment through {provider.name} is between {provider.least_cents / 100:,.2f} and "
            f"{provider.most_cents / 100:,.2f} US dollars.",
            code="amount_out_of_range",
        )
    top_up = _requested(
        wallet_id=wallet_id, label=label, amount_micro_usd=amount_micro_usd, operation_id=operation_id,
        provider=provider.name, acting_user=acting_user, now=now,
    )  # fmt: skip
    if top_up.state != TopUpState.REQUESTED:
        return top_up
    if now - top_up.created_at > SAME_CHECKOUT_FOR:
        raise Conflict(
            f"The top-up {top_up.pk} was asked for too long ago to begin its payment now.",
            next_step="Ask for a new one under a new id.",
            code="top_up_too_old",
        )
    address = return_address(top_up.pk)
    order = Order(top_up.pk, cents, description, success_url=address, cancel_url=address)
    return _opened(top_up_id=top_up.pk, checkout=provider.begin_checkout(order))


def of_wallet(*, wallet_id: int, top_up_id: UUID) -> TopUp:
    found = TopUp.objects.filter(wallet_id=wallet_id, pk=top_up_id).first()
    if found is None:
        raise NotFound(f"There is no top-up {top_up_id}.")
    return found


def paid_by_hand(
    *,
    wallet_id: int,
    label: str,
    amount_micro_usd: int,
    operation_id: UUID,
    acting_user: str,
    now: datetime,
) -> TopUp:
    """An operator says that the money is here. Joins the caller's transaction."""
    whole("amount_micro_usd", amount_micro_usd, least=1)
    top_up, _ = _row(
        wallet_id=wallet_id, label=label, amount_micro_usd=amount_micro_usd, operation_id=operation_id,
        provider=TopUpProvider.MANUAL, acting_user=acting_user, now=now,
    )  # fmt: skip
    credit(top_up, payment_reference="", acting_user=acting_user, now=now)
    return top_up


def credit(top_up: TopUp, *, payment_reference: str, acting_user: str, now: datetime) -> bool:
    """Put the money into the wallet, the first time only. The caller holds the row's lock."""
    if top_up.state == TopUpState.PAID:
        return False
    moved = crediting.bring_in(
        top_up=top_up,
        amount_micro_usd=top_up.amount_micro_usd,
        operation_id=operations.numbered(top_up.pk, "credit"),
        label="top-up",
        now=now,
    )
    before = top_up.state
    top_up.state, top_up.paid_at = TopUpState.PAID, now
    top_up.payment_reference = payment_reference or top_up.payment_reference
    top_up.repaid_micro_usd = moved.owed_micro_usd
    top_up.save(update_fields=["state", "paid_at", "payment_reference", "repaid_micro_usd"])
    audit.record(
        acting_user=acting_user, action="top_up.paid", subject=f"top_up:{top_up.pk}",
        before={"state": before},
        after={
            "state": TopUpState.PAID, "amount_micro_usd": top_up.amount_micro_usd,
            "repaid_micro_usd": moved.owed_micro_usd, "provider": top_up.provider,
        },
        organisation_slug=top_up.label, now=now,
    )  # fmt: skip
    return True


def end_unpaid(top_up: TopUp, *, state: TopUpState, acting_user: str, now: datetime) -> bool:
    """The payment failed or was not made in time; a later payment still counts. The caller holds the lock."""
    if top_up.state in {TopUpState.PAID, state}:
        return False
    before, top_up.state = top_up.state, state
    top_up.save(update_fields=["state"])
    audit.record(
        acting_user=acting_user, action=f"top_up.{state}", subject=f"top_up:{top_up.pk}",
        before={"state": before}, after={"state": state}, organisation_slug=top_up.label, now=now,
    )  # fmt: skip
    return True


@durable_write
def _requested(
    *,
    wallet_id: int,
    label: str,
    amount_micro_usd: int,
    operation_id: UUID,
    provider: str,
    acting_user: str,
    now: datetime,
) -> TopUp:
    top_up, is_new = _row(
        wallet_id=wallet_id, label=label, amount_micro_usd=amount_micro_usd, operation_id=operation_id,
        provider=TopUpProvider(provider), acting_user=acting_user, now=now,
    )  # fmt: skip
    if is_new:
        audit.record(
            acting_user=acting_user, action="top_up.requested", subject=f"top_up:{top_up.pk}",
            after={"amount_micro_usd": amount_micro_usd, "provider": provider},
            organisation_slug=label, now=now,
        )  # fmt: skip
    return top_up


def _row(
    *,
    wallet_id: int,
    label: str,
    amount_micro_usd: int,
    operation_id: UUID,
    provider: TopUpProvider,
    acting_user: str,
    now: datetime,
) -> tuple[TopUp, bool]:
    """The row of this id, and whether it was made now; other content under the same id is a conflict."""
    content = {"wallet": wallet_id, "amount": amount_micro_usd, "provider": provider.value}
    if operations.begin(operation_id=operation_id, kind="top_up", content=content, now=now) is not None:
        return TopUp.objects.select_for_update(no_key=True).get(pk=operation_id), False
    _require_wallet(wallet_id)
    top_up = TopUp.objects.create(
        id=operation_id, wallet_id=wallet_id, provider=provider, state=TopUpState.REQUESTED,
        amount_micro_usd=amount_micro_usd, label=label, requested_by=acting_user, created_at=now,
    )  # fmt: skip
    operations.finish(operation_id=operation_id, outcome={"top_up": str(top_up.pk)})
    return top_up, True


def _require_wallet(wallet_id: int) -> None:
    kind = Account.objects.filter(pk=wallet_id).values_list("kind", flat=True).first()
    if kind is None:
        raise NotFound(f"There is no account {wallet_id}.")
    if kind != AccountKind.WALLET:
        raise Invalid(f"Account {wallet_id} is a {kind}; money is put into wallets only.")


@durable_write
def _opened(*, top_up_id: UUID, checkout: Checkout) -> TopUp:
    """The provider answered; whatever it told us meanwhile by a webhook stays."""
    TopUp.objects.filter(pk=top_up_id, state=TopUpState.REQUESTED).update(state=TopUpState.OPEN)
    TopUp.objects.filter(pk=top_up_id).update(reference=checkout.reference, checkout_url=checkout.url)
    return TopUp.objects.get(pk=top_up_id)
