"""What may happen to answers that nobody ends: the clock moves, upkeep is late, a settlement is too late."""

from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounting import holds, settlement
from accounting.models import Hold, HoldState
from tests.proofs.machine import BooksMachine
from tests.proofs.model import Held


class EndingRules(BooksMachine):
    @rule(minutes=st.integers(1, 12))
    def time_passes(self, minutes) -> None:
        """Nothing ends by the clock alone."""
        self.now += timedelta(minutes=minutes)

    @rule(most=st.sampled_from([1, 500]))
    def upkeep_comes(self, most) -> None:
        due = {hold.hold_id: hold for hold in self.model.open if hold.expires_at <= self.now}
        assert settlement.expire_due(now=self.now, most=most) == min(most, len(due))
        ended = Hold.objects.filter(pk__in=due, state=HoldState.EXPIRED).values_list("pk", flat=True)
        for hold_id in ended:
            self._end_lost(due[hold_id])

    @precondition(lambda self: self.model.open)
    @rule(data=st.data())
    def an_engine_is_known_to_be_lost(self, data) -> None:
        hold = self.chosen(data)
        assert settlement.settle_lost(hold_id=hold.hold_id, now=self.now, reason="worker_lost")
        assert not settlement.settle_lost(hold_id=hold.hold_id, now=self.now, reason="worker_lost")
        self._end_lost(hold)

    @precondition(lambda self: self.model.ended)
    @rule(data=st.data())
    def what_comes_after_the_end_is_refused(self, data) -> None:
        hold = data.draw(st.sampled_from(self.model.ended))
        tokens = (hold.tokens_drawn + 99, hold.tokens_delivered)
        used = {label: (seat.held, 0) for label, seat in hold.seats.items()}
        settled = Hold.objects.get(pk=hold.hold_id).state == HoldState.SETTLED
        code = "conflict" if settled else "hold_ended"
        self.refused(code, lambda: self.world.settle(hold.hold_id, used, tokens, self.now))
        for label in hold.seats:
            top_up = partial(holds.top_up, hold_id=hold.hold_id, label=label, nano_nats=1, now=self.now)
            self.refused("hold_ended", top_up)
        self.refused(
            "hold_ended",
            lambda: holds.record_progress(
                hold_id=hold.hold_id,
                tokens_drawn=tokens[0],
                tokens_delivered=tokens[1],
                drawn_nano_nats={},
                delivered_nano_nats={},
                now=self.now,
            ),
        )

    def _end_lost(self, hold: Held) -> None:
        self.model.end(hold, {label: seat.lost() for label, seat in hold.seats.items()})
