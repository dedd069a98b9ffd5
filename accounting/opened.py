"""Finds an open hold and keeps it to this transaction, or says why not."""

from uuid import UUID

from accounting.errors import Conflict, Invalid, NotFound
from accounting.models import Hold, HoldLine, HoldState


def open_hold(hold_id: UUID, *, or_in: HoldState = HoldState.OPEN) -> Hold:
    """The hold, locked; a hold that has ended in another way than `or_in` is a conflict."""
    hold = Hold.objects.select_for_update(no_key=True).filter(pk=hold_id).first()
    if hold is None:
        raise NotFound(f"There is no hold {hold_id}.")
    if hold.state not in {HoldState.OPEN, or_in}:
        raise has_ended(hold)
    return hold


def has_ended(hold: Hold) -> Conflict:
    return Conflict(
        f"Hold {hold.pk} has already ended ({hold.state}).",
        next_step="Place a new hold under a new id.",
        code="hold_ended",
        state=hold.state,
    )


def line_of(hold: Hold, label: str) -> HoldLine:
    line = hold.lines.filter(label=label).first()
    if line is None:
        raise Invalid(f"Hold {hold.pk} has no seat {label}.")
    return line
