"""Who gets a seat, with how much of a vote, up to which cap, and what it can cost: step 5 (plan) of the way.

Pure: admitted sources and their relevance in, a plan out. It reads no index and writes nothing.
Every cap is finite, and each limit carries the name of whoever set it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from accounting.errors import Forbidden
from accounting.pricing import Quote, caps_within, quote_micro_usd
from accounting.terms import SeatTerms
from inference.limits import MAX_PRICE, NatsLimit, limits_of
from inference.wishes import Wishes
from marketplace.admission import Admitted, Denied

NANO = 10**9
MOST_EXCLUDED_SHOWN = 32
LEAST_CAP_NANO_NATS = NANO // 1000  # a seat that may move less than this in a whole answer moves nothing
NO_INFLUENCE = {
    "user": "`max_influence_nats` of the request leaves it no influence.",
    "policy": "Its policy allows it no influence in one answer.",
    "budget": "What is left of its budgets is not enough for one token.",
    "query_cap": "An answer of this length leaves it no influence.",
}


@dataclass(frozen=True, slots=True)
class House:
    """What the deployment fixes for every answer."""

    seats: int
    fee_basis_points: int
    block_tokens: int
    nats_per_token: int
    least_relevance: float


@dataclass(frozen=True, slots=True)
class Considered:
    """An admitted source with what its own index says about the question."""

    admitted: Admitted
    relevance: float
    token_charge_nano_nats: int | None = None  # private answers: the public charge of one token
    group: int | None = None  # near-duplicates share one seat

    @property
    def slug(self) -> str:
        return self.admitted.source.slug


@dataclass(frozen=True, slots=True)
class Seat:
    """One voter of this answer: fixed before the first token."""

    admitted: Admitted
    relevance: float
    gamma_requested: float
    gamma: float
    gamma_limited_by: str | None
    cap_nano_nats: int
    cap_limited_by: str
    block_nano_nats: int
    token_charge_nano_nats: int | None
    group: int | None
    agreement_id: UUID | None = None  # what it rests on, from the hold on
    limits: tuple[NatsLimit, ...] = ()  # all on its nats, side by side; the smallest is the cap

    @property
    def slug(self) -> str:
        return self.admitted.source.slug

    @property
    def eta(self) -> float | None:
        """Private answers: the public range of what it may add to a logit."""
        privacy = self.admitted.limits.privacy
        return None if self.token_charge_nano_nats is None or privacy is None else privacy.eta

    @property
    def terms(self) -> SeatTerms:
        return SeatTerms(
            label=self.slug,
            budget_account_ids=self.admitted.budget_account_ids,
            earnings_account_id=self.admitted.source.earnings_account_id,
            cap_nano_nats=self.cap_nano_nats,
            block_nano_nats=self.block_nano_nats,
            price_micro_usd_per_nat=self.admitted.limits.price_micro_usd_per_nat,
            floor_micro_usd=self.admitted.limits.floor_price_micro_usd,
            ceiling_micro_usd=self.admitted.limits.ceiling_price_micro_usd,
            charged_by="measured" if self.token_charge_nano_nats is None else "blocks",
        )


@dataclass(frozen=True, slots=True)
class Excluded:
    """A source that does not vote, by which rule: one that the request named, or a candidate."""

    slug: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is fixed before anything is held."""

    seats: tuple[Seat, ...]
    excluded: tuple[Excluded, ...]
    quote: Quote
    others: Mapping[str, int] = field(default_factory=dict)  # that do not vote and are not told of, by rule

    def without(self, slugs: Iterable[str], *, rule: str, reason: str, required: Iterable[str]) -> "Plan":
        """The same plan with some seats composed out; a required one is a refusal instead."""
        gone = set(slugs)
        out = tuple(Excluded(slug, rule, reason) for slug in sorted(gone))
        _refuse_required_outside(out, required)
        seats = tuple(seat for seat in self.seats if seat.slug not in gone)
        return replace(self, seats=seats, excluded=self.excluded + out)

    def shown(self) -> tuple[Excluded, ...]:
        return self.excluded[:MOST_EXCLUDED_SHOWN]

    def counts(self) -> dict[str, int]:
        """All that do not vote, by rule."""
        return dict(sorted((Counter(one.rule for one in self.excluded) + Counter(self.others)).items()))


def make_plan(
    *,
    wishes: Wishes,
    max_tokens: int,
    considered: Sequence[Considered],
    denied: Sequence[Denied] = (),
    others: Mapping[str, int] | None = None,
    unavailable: Sequence[Excluded] = (),
    house: House,
) -> Plan:
    excluded = [*(Excluded(one.slug, one.rule, one.reason) for one in denied), *unavailable]
    chosen = sorted(considered, key=lambda one: one.slug)
    if not wishes.is_private:  # a private answer's voters are named; what they hold must not seat them
        chosen, left_out = _by_relevance(chosen, wishes, house)
        excluded += left_out
    seats, without_vote = _seated(chosen, wishes, max_tokens, house)
    seats, unpaid = _within_price(seats, wishes, house)
    excluded += [*without_vote, *unpaid]
    _refuse_required_outside(excluded, wishes.require)
    quote = quote_micro_usd([seat.terms for seat in seats], house.fee_basis_points)
    return Plan(tuple(seats), tuple(excluded), quote, dict(others or {}))


def _by_relevance(
    considered: Sequence[Considered], wishes: Wishes, house: House
) -> tuple[list[Considered], list[Excluded]]:
    """Required sources first, then the most relevant ones, as far as the seats go."""
    knowing = [one for one in considered if one.relevance >= house.least_relevance]
    knowing.sort(key=lambda one: (one.slug not in wishes.require, -one.relevance, one.slug))
    out = [
        Excluded(one.slug, "relevance", "Its passages are not about the question.")
        for one in considered
        if one.relevance < house.least_relevance
    ]
    out += [
        Excluded(one.slug, "seats", "Other sources are more relevant; no seat is left.")
        for one in knowing[house.seats :]
    ]
    return knowing[: house.seats], out


def _seated(
    chosen: Sequence[Considered], wishes: Wishes, max_tokens: int, house: House
) -> tuple[list[Seat], list[Excluded]]:
    seats, out = [], []
    for one in chosen:
        seat = _seat(one, wishes, max_tokens, house)
        if seat.gamma == 0:
            owner = "the request" if seat.gamma_limited_by == "user" else "its policy"
            rule = "ignore" if seat.gamma_limited_by == "user" else "no_policy"
            out.append(Excluded(one.slug, rule, f"Its voting right is 0 by {owner}."))
        elif seat.cap_nano_nats < _least_cap(seat):
            rule = "budget" if seat.cap_limited_by in {"budget", "policy"} else "ignore"
            out.append(Excluded(one.slug, rule, NO_INFLUENCE[seat.cap_limited_by]))
        else:
            seats.append(seat)
    return seats, out


def _least_cap(seat: Seat) -> int:
    """The dust that is left of a spent budget does not take a seat from others."""
    return LEAST_CAP_NANO_NATS if seat.token_charge_nano_nats is None else seat.token_charge_nano_nats


def _seat(one: Considered, wishes: Wishes, max_tokens: int, house: House) -> Seat:
    limits = one.admitted.limits
    requested = wishes.gamma_of(one.slug)
    gamma = min(requested, limits.max_gamma)
    limited_by = None if gamma == 1 else "user" if requested <= limits.max_gamma else "policy"
    per_token = one.token_charge_nano_nats or house.nats_per_token * NANO
    nats = limits_of(
        max_influence_nats=wishes.max_influence_nats,
        per_answer_nano_nats=limits.per_answer_nano_nats,
        left_nano_nats=one.admitted.left_nano_nats,
        most_nano_nats=max_tokens * per_token,
    )
    cap = min(nats, key=lambda limit: limit.nano_nats)  # ties go to the first
    return Seat(
        admitted=one.admitted,
        relevance=one.relevance,
        gamma_requested=requested,
        gamma=gamma,
        gamma_limited_by=limited_by,
        cap_nano_nats=cap.nano_nats,
        cap_limited_by=cap.owner,
        block_nano_nats=max(1, house.block_tokens * per_token),
        token_charge_nano_nats=one.token_charge_nano_nats,
        group=one.group,
        limits=nats,
    )


def _within_price(seats: Sequence[Seat], wishes: Wishes, house: House) -> tuple[list[Seat], list[Excluded]]:
    """Caps scaled down until the whole answer fits `max_price_micro_usd`."""
    terms = caps_within([seat.terms for seat in seats], house.fee_basis_points, wishes.max_price_micro_usd)
    kept, out = [], []
    for seat, fitted in zip(seats, terms, strict=True):
        if fitted.cap_nano_nats < _least_cap(seat):
            out.append(Excluded(seat.slug, "price", "The price limit leaves it no influence."))
        elif fitted.cap_nano_nats < seat.cap_nano_nats:
            kept.append(_under_price(seat, fitted.cap_nano_nats))
        else:
            kept.append(seat)
    return kept, out


def _under_price(seat: Seat, cap_nano_nats: int) -> Seat:
    """What the user's price limit leaves: one more limit, and the smallest."""
    limit = NatsLimit("user", MAX_PRICE, cap_nano_nats)
    return replace(
        seat, cap_nano_nats=cap_nano_nats, cap_limited_by=limit.owner, limits=(*seat.limits, limit)
    )


def _refuse_required_outside(excluded: Iterable[Excluded], required: Iterable[str]) -> None:
    wanted = set(required)
    for one in excluded:
        if one.slug in wanted:
            raise Forbidden(
                f"The source '{one.slug}' is required and cannot vote: {one.reason}",
                next_step="Leave it out of `abc.require`.",
                rule=one.rule,
                source=one.slug,
            )
