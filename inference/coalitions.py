"""Who votes beside whom: policies are asked again once the other voters are known. End of step 5 (plan).

A fixed point: one voter leaves at a time, the free seat goes to the next candidate, and all are asked again.
Who was too much alone does not come back, so it ends; who leaves follows from the order of relevance, so it
is the same every time. In private answers nobody leaves: that is refused, from public values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from accounting.errors import Forbidden
from inference.plan import Considered, Excluded, Plan, Seat
from inference.problems import Unavailable
from inference.wishes import Wishes
from marketplace.policy.kinds.not_together import NotTogether
from marketplace.policy.request import Allow, Deny

Verdicts = Mapping[str, Allow | Deny]


def plan_together(
    *, considered: Sequence[Considered], wishes: Wishes, plan_for: Callable[[Sequence[Considered]], Plan]
) -> Plan:
    """The plan in which every voter's policy agrees to the others."""
    alone: dict[str, Excluded] = {}
    beside: dict[str, Excluded] = {}
    while True:
        plan = plan_for([one for one in considered if one.slug not in alone | beside])
        leaving = first_to_leave(plan.seats)
        if leaving is None:
            return replace(plan, excluded=(*alone.values(), *beside.values(), *plan.excluded))
        if wishes.is_private or leaving.slug in wishes.require:
            raise _refusal(leaving, wishes)
        if leaving.rule == NotTogether.kind:
            beside[leaving.slug] = leaving
        else:
            alone[leaving.slug] = leaving
            beside.clear()  # whoever left because of it may come back


def require_together(plan: Plan) -> None:
    """After a budget refused at the last moment: the other seats are held, and none can be given back."""
    leaving = first_to_leave(plan.seats)
    if leaving is not None:
        raise Unavailable(
            f"A budget was spent by another answer just now, and without that source '{leaving.slug}' "
            f"does not vote: {leaving.reason}",
            next_step="Send the request again; it is planned anew.",
            code="seats_changed",
        )


def first_to_leave(seats: Sequence[Seat]) -> Excluded | None:
    """Of seats in the order in which they were given: first who cannot sit beside a better one, then who is
    too much alone, the last of them first."""
    slugs = frozenset(seat.slug for seat in seats)
    verdicts = {seat.slug: seat.admitted.asked_again(others=slugs - {seat.slug}) for seat in seats}
    return _beside(seats, verdicts) or _alone(seats, verdicts)


def _beside(seats: Sequence[Seat], verdicts: Verdicts) -> Excluded | None:
    """The later of two that do not vote together, whichever of the two policies says so."""
    avoided = {slug: _avoided(verdict) for slug, verdict in verdicts.items()}
    for place, seat in enumerate(seats):
        for stays in seats[:place]:
            if stays.slug in avoided[seat.slug]:
                reason = f"It does not vote together with '{stays.slug}', which stays: it comes first."
                return Excluded(seat.slug, NotTogether.kind, reason)
            if seat.slug in avoided[stays.slug]:
                reason = f"'{stays.slug}' does not vote together with it, and stays: it comes first."
                return Excluded(seat.slug, NotTogether.kind, reason)
    return None


def _alone(seats: Sequence[Seat], verdicts: Verdicts) -> Excluded | None:
    for seat in reversed(seats):
        verdict = verdicts[seat.slug]
        if isinstance(verdict, Deny):
            return Excluded(seat.slug, verdict.rule, verdict.reason)
    return None


def _avoided(verdict: Allow | Deny) -> frozenset[str]:
    if isinstance(verdict, Deny) and verdict.rule == NotTogether.kind:
        return frozenset(verdict.values["present"])
    return frozenset()


def _refusal(leaving: Excluded, wishes: Wishes) -> Forbidden:
    named = "names" if wishes.is_private else "requires"
    return Forbidden(
        f"The request {named} the source '{leaving.slug}', which cannot vote beside the others: "
        f"{leaving.reason}",
        next_step="Leave it out, or name other sources beside it.",
        rule=leaving.rule,
        source=leaving.slug,
    )
