"""Makes the answer, token by token, and measures it while it is made: steps 7 and 8 of the way.

Every token is published as it is drawn, its influence is added up, and every few tokens the watermark is
stored, by which a lost answer is settled. Whatever ends an answer early (the caller left, its time is over, a
model failed), what was delivered is known exactly. Prices and receipts are not its business.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from accounting import holds
from inference import lifecycle
from inference.allowance import HeldAllowance
from inference.bench import Bench
from inference.label_wish import decision_of
from inference.models import Answer, AnswerState
from inference.net.core import Core
from inference.net.generation import Generation, Step
from inference.net.labels import Labels
from inference.net.spelling import bytes_of
from inference.plan import Plan
from inference.tally import SeatToken, Tally
from inference.telling import TokenTeller, influence_event
from inference.token_rows import Moved, TokenRows
from marketplace.suspending import Stop, stop_of

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Composition:
    """What was made: its text, its measurement, and how it ended."""

    tally: Tally
    prompt_tokens: int
    parts: list[str] = field(default_factory=list)
    logprobs: list[dict[str, Any]] = field(default_factory=list)  # of the tokens that were delivered
    token_rows: TokenRows | None = None  # where the request asked for them
    finish_reason: str = "length"
    state: AnswerState = AnswerState.DONE
    transcript: dict[str, Any] | None = None
    labels: Labels | None = None  # of a classification, and what was decided between them
    decision: dict[str, Any] | None = None
    stop: Stop | None = None  # whoever asked was suspended meanwhile

    @property
    def text(self) -> str:
        return "".join(self.parts)

    @property
    def usage(self) -> dict[str, int]:
        completion = self.tally.tokens_delivered
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
        }


@dataclass(frozen=True, slots=True)
class Composer:
    """One answer in the making."""

    answer: Answer
    plan: Plan
    allowance: HeldAllowance
    set_names: Sequence[str]
    teller: TokenTeller
    bench: Bench

    def compose(self, generation: Generation, made: Composition) -> Iterator[None]:
        """Pauses after every token that was delivered; `made` is whole when it ends."""
        deadline = self.bench.now() + timedelta(seconds=settings.ANSWER_SECONDS)
        try:
            for step in self._until_cancelled(generation, made):
                self._deliver(step, made)
                yield
                if self.bench.now() >= deadline:
                    break
        except Exception:
            # A model that fails must not leave the hold or the caller waiting: what was delivered is settled.
            logger.exception("Answer %s failed after %s tokens", self.answer.pk, made.tally.tokens_drawn)
            made.state = AnswerState.FAILED
        finally:
            generation.close()
        made.transcript = generation.transcript.to_json()

    def _until_cancelled(self, generation: Generation, made: Composition) -> Iterator[Step]:
        """A token that was drawn as the caller left, or was suspended, is spent and not delivered."""
        for step in generation:
            self._measure(step, made)
            made.stop = stop_of(organisation_id=self.answer.organisation_id, key_id=self.answer.api_key_id)
            if made.stop is not None:
                made.finish_reason = "content_filter"  # the one word of OpenAI's for "a rule ended it"
            if made.stop is not None or self.bench.channel.cancelled(self.answer.pk):
                made.state = AnswerState.CANCELLED
                return
            yield step

    def _measure(self, step: Step, made: Composition) -> None:
        tokens = {
            seat.label: SeatToken(
                gamma_effective=seat.gamma_effective,
                limited=seat.limited,
                forward=seat.forward,
                reverse=seat.reverse,
                symmetric=seat.symmetric,
                help=seat.help_nats,
                charge=seat.charge_nats,
            )
            for seat in step.seats
        }
        if made.token_rows is not None and step.log_probability is not None:
            made.token_rows.add(step.token_id, step.log_probability, moved_by(step))
        together = zip(self.set_names, step.set_nats, strict=False)  # private answers measure none
        made.tally.draw(tokens, dict(together))
        self.allowance.token_drawn()

    def _deliver(self, step: Step, made: Composition) -> None:
        if made.labels is not None:
            made.decision = decision_of(step, made.labels)
        logprobs = self.teller.told_with(step)
        if step.text_delta or logprobs:
            made.parts.append(step.text_delta)
            made.logprobs += logprobs
            self._publish({"type": "token", "text": step.text_delta, "logprobs": logprobs})
        made.finish_reason = step.finish_reason or made.finish_reason
        made.tally.deliver({seat.slug: self.allowance.spent_nano_nats(seat.slug) for seat in self.plan.seats})
        if self._is_time_to_tell(made.tally):
            self._publish(self._influence(made.tally))
        if made.tally.tokens_drawn % settings.WATERMARK_TOKENS == 0:
            self._store_watermark(made.tally, self.bench.now())

    def _is_time_to_tell(self, tally: Tally) -> bool:
        every = settings.INFLUENCE_EVENT_TOKENS
        return bool(every and self.plan.seats) and tally.tokens_drawn % every == 0

    def _influence(self, tally: Tally) -> dict[str, Any]:
        return influence_event(
            plan=self.plan,
            tally=tally,
            private=self.teller.question.wishes.is_private,
            fee_basis_points=settings.PLATFORM_FEE_BASIS_POINTS,
        )

    def _publish(self, event: dict[str, Any]) -> None:
        self.bench.channel.publish(self.answer.pk, event)

    def _store_watermark(self, tally: Tally, now: datetime) -> None:
        holds.record_progress(
            hold_id=self.answer.pk,
            tokens_drawn=tally.tokens_drawn,
            tokens_delivered=tally.tokens_delivered,
            drawn_nano_nats={label: self.allowance.spent_nano_nats(label) for label in tally.seats},
            delivered_nano_nats={label: seat.delivered_nano_nats for label, seat in tally.seats.items()},
            now=now,
            extend_to=now + timedelta(seconds=settings.HOLD_SECONDS),
        )
        lifecycle.renew(answer_id=self.answer.pk, now=now)


def moved_by(step: Step) -> dict[str, Moved]:
    """What every seat did at this token, as a heat map tells it."""
    return {
        seat.label: Moved(seat.gamma_effective, seat.forward, seat.reverse, seat.symmetric, seat.help_nats)
        for seat in step.seats
    }


def token_rows_of(core: Core) -> TokenRows:
    """Rows in the making, with this core's tokens as text and bytes."""
    return TokenRows(core.decode, partial(bytes_of, core), core.end_ids)
