"""What may happen to answers, in any order: placed, topped up, under way, settled, given back."""

import uuid
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounting import holds
from accounting.errors import Invalid, PaymentRequired
from tests.proofs.machine import CAPS, OWNERS, WALLETS, BooksMachine, Done
from tests.proofs.model import NAT, Held, Seat
from tests.proofs.world import PATIENCE

nats = st.integers(0, 4 * NAT) | st.sampled_from([1, NAT // 11, NAT])
seats = st.builds(
    Seat,
    budgets=st.just(()),
    cap=nats,
    held=nats.filter(bool),
    price=st.sampled_from([0, 7, 300]),
    floor=st.sampled_from([0, 0, 11]),
    blocks=st.booleans(),
    ceiling=st.sampled_from([None, None, 11, 200]),
)
wanted_seats = st.dictionaries(st.sampled_from(OWNERS), st.tuples(seats, st.booleans()), max_size=3)


class AnswerRules(BooksMachine):
    @rule(
        wanted=wanted_seats,
        wallet=st.sampled_from(WALLETS),
        caps=st.sets(st.sampled_from(CAPS)).map(sorted),
        fee_points=st.sampled_from([0, 500, 9_999]),
        most=st.none() | st.integers(0, 2_000),
    )
    def place(self, wanted, wallet, caps, fee_points, most) -> None:
        asked = {label: _seat(label, *made) for label, made in wanted.items()}
        seated = self.model.seated(asked)
        money = self.model.quote(seated.values(), fee_points)
        hold_id = uuid.uuid4()
        place = partial(
            self.world.place, hold_id, asked, wallet=wallet, caps=caps, fee_points=fee_points, now=self.now
        )
        limits = [self.model.money_left(wallet), *(max(0, self.model.room(cap)) for cap in caps)]
        if money > min(*limits, money if most is None else most):
            with pytest.raises(PaymentRequired):
                place(most=most)
            return
        placed = place(most=most)
        assert (list(placed.seated), placed.held_micro_usd) == (list(seated), money)
        assert set(placed.refused) == set(asked) - set(seated)
        own = {label: replace(seat) for label, seat in seated.items()}  # the request keeps its own
        self.model.open.append(
            Held(hold_id, wallet, tuple(caps), money, fee_points, own, self.now + PATIENCE)
        )
        self.done.append(Done(partial(place, most=most), placed, partial(place, most=(most or 0) + 1)))

    @precondition(lambda self: any(hold.seats for hold in self.model.open))
    @rule(data=st.data(), amount=nats.filter(bool))
    def top_up(self, data, amount) -> None:
        hold = data.draw(st.sampled_from([hold for hold in self.model.open if hold.seats]))
        label = data.draw(st.sampled_from(sorted(hold.seats)))
        seat = hold.seats[label]
        room = min(self.model.room(name) for name in seat.budgets)
        fits = seat.held + amount <= seat.cap and amount <= room
        topped = holds.top_up(hold_id=hold.hold_id, label=label, nano_nats=amount, now=self.now)
        assert topped == fits
        seat.held += amount if fits else 0

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), more=st.integers(0, 16), behind=st.integers(0, 3), longer=st.booleans())
    def progress(self, data, more, behind, longer) -> None:
        hold = self.chosen(data)
        hold.tokens_drawn += more
        hold.tokens_delivered = max(hold.tokens_delivered, hold.tokens_drawn - behind)
        for seat in hold.seats.values():
            seat.drawn = data.draw(st.integers(seat.drawn, seat.held))
            seat.delivered = data.draw(st.integers(seat.delivered, seat.drawn))
        until = self.now + PATIENCE if longer else None
        hold.expires_at = max(hold.expires_at, until or self.now)
        self._record(hold, extend_to=until)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def an_older_watermark_changes_nothing(self, data) -> None:
        hold = self.chosen(data)
        hold.expires_at = max(hold.expires_at, self.now)
        drawn = data.draw(st.integers(0, hold.tokens_drawn))
        older = {label: data.draw(st.integers(0, seat.drawn)) for label, seat in hold.seats.items()}
        holds.record_progress(
            hold_id=hold.hold_id,
            tokens_drawn=drawn,
            tokens_delivered=min(drawn, hold.tokens_delivered),
            drawn_nano_nats=older,
            delivered_nano_nats={n: min(o, hold.seats[n].delivered) for n, o in older.items()},
            now=self.now,
        )

    @precondition(lambda self: any(hold.seats for hold in self.model.open))
    @rule(data=st.data(), above=st.integers(1, NAT))
    def nothing_is_drawn_beyond_the_hold(self, data, above) -> None:
        hold = data.draw(st.sampled_from([hold for hold in self.model.open if hold.seats]))
        label = data.draw(st.sampled_from(sorted(hold.seats)))
        tokens = (hold.tokens_drawn + 1, hold.tokens_delivered)
        much = {n: (s.held + (above if n == label else 0), 0) for n, s in hold.seats.items()}
        self.refused("above_hold", lambda: self.world.settle(hold.hold_id, much, tokens, self.now))
        self.refused(
            "above_hold",
            lambda: holds.record_progress(
                hold_id=hold.hold_id,
                tokens_drawn=tokens[0],
                tokens_delivered=tokens[1],
                drawn_nano_nats={label: much[label][0]},
                delivered_nano_nats={},
                now=self.now,
            ),
        )

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), more=st.integers(0, 9), behind=st.integers(0, 2))
    def settle(self, data, more, behind) -> None:
        """In time or late: as long as nobody ended the hold, its settlement counts."""
        hold = self.chosen(data)
        hold.tokens_drawn += more
        hold.tokens_delivered = max(hold.tokens_delivered, hold.tokens_drawn - behind)
        tokens = (hold.tokens_drawn, hold.tokens_delivered)
        used = {}
        for label, seat in hold.seats.items():
            drawn = data.draw(st.integers(seat.drawn, seat.held))
            used[label] = (drawn, data.draw(st.integers(0, drawn)) if tokens[1] else 0)
        settle = partial(self.world.settle, hold.hold_id, used)
        settled = settle(tokens, self.now)
        assert settled.total_micro_usd == self.model.end(hold, used)
        other = (tokens[0] + 1, tokens[1])
        self.done.append(Done(lambda: settle(tokens, self.now), settled, lambda: settle(other, self.now)))

    @precondition(lambda self: any(hold.tokens_drawn for hold in self.model.open))
    @rule(data=st.data())
    def a_settlement_below_the_watermark_is_refused(self, data) -> None:
        hold = data.draw(st.sampled_from([hold for hold in self.model.open if hold.tokens_drawn]))
        used = {label: (seat.held, 0) for label, seat in hold.seats.items()}
        fewer = (hold.tokens_drawn - 1, min(hold.tokens_drawn - 1, hold.tokens_delivered))
        self.refused("below_watermark", lambda: self.world.settle(hold.hold_id, used, fewer, self.now))

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def a_settlement_names_every_seat_once(self, data) -> None:
        hold = self.chosen(data)
        tokens = (hold.tokens_drawn, hold.tokens_delivered)
        used = {**{label: (seat.held, 0) for label, seat in hold.seats.items()}, "nobody": (0, 0)}
        with pytest.raises(Invalid):
            self.world.settle(hold.hold_id, used, tokens, self.now)

    @precondition(lambda self: self.model.open)
    @rule(data=st.data(), times=st.integers(1, 2))
    def give_back(self, data, times) -> None:
        hold = self.chosen(data)
        if hold.tokens_drawn:
            void = partial(holds.void, hold_id=hold.hold_id, reason="left", now=self.now)
            self.refused("tokens_drawn", void)
            return
        for _ in range(times):
            holds.void(hold_id=hold.hold_id, reason="left", now=self.now)
        self.model.close(hold)

    def _record(self, hold: Held, **changes) -> None:
        holds.record_progress(
            hold_id=hold.hold_id,
            tokens_drawn=hold.tokens_drawn,
            tokens_delivered=hold.tokens_delivered,
            drawn_nano_nats={label: seat.drawn for label, seat in hold.seats.items()},
            delivered_nano_nats={label: seat.delivered for label, seat in hold.seats.items()},
            now=self.now,
            **changes,
        )


def _seat(label: str, made: Seat, also_shared: bool) -> Seat:
    """A seat of its own (the model changes it), whose first block is within its cap."""
    budgets = (label, "shared") if also_shared else (label,)
    return replace(made, budgets=budgets, held=min(made.cap, made.held))
