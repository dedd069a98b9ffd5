"""What a caller is told while an answer is made, beside its text: who votes, how it stands, each token.

Pure: plan, steps and sums in, events out. Of private answers everything here follows from the request, the
policies and public charges. What was finally measured and paid is `report`'s to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from accounting.pricing import charge_micro_usd, fee_micro_usd, quote_micro_usd
from inference.net.generation import Step
from inference.plan import NANO, Plan, Seat
from inference.plan_report import quote_report, seat_report
from inference.report import Identity
from inference.request import Question
from inference.tally import Tally

Event = dict[str, Any]
LEAST_LOGPROB = -9999.0  # OpenAI's number for what cannot be drawn; JSON has no infinity


def start_event(*, plan: Plan, identity: Identity, fee_basis_points: int) -> Event:
    """Who has a seat, how much of a vote, up to which cap, and the most that the seats can cost together."""
    quote = quote_micro_usd([seat.terms for seat in plan.seats], fee_basis_points)
    return {
        "type": "start",
        "fingerprint": identity.fingerprint,
        "votes": {
            "mode": identity.mode,
            "core": identity.core_slug,
            "composition_hash": identity.composition_hash,
            "sources": [seat_report(seat, private=identity.is_private) for seat in plan.seats],
            "excluded_counts": plan.counts(),
            "quote": quote_report(quote),
        },
    }


def influence_event(*, plan: Plan, tally: Tally, private: bool, fee_basis_points: int) -> Event:
    """Influence and charges of all that was delivered so far; floor prices come at the end."""
    sources = [_so_far(seat, tally, private=private) for seat in plan.seats]
    charges = sum(source["charge_micro_usd"] for source in sources)
    fee = fee_micro_usd(charges, fee_basis_points)
    return {
        "type": "influence",
        "tokens": tally.tokens_delivered,
        "sources": sources,
        "fee_micro_usd": fee,
        "charge_micro_usd": charges + fee,
    }


def _so_far(seat: Seat, tally: Tally, *, private: bool) -> Event:
    own = tally.seats[seat.slug]
    return {
        "source": seat.slug,
        "gamma_effective": None if private else tally.gamma_effective(seat.slug),
        "attribution_nats": None if private else own.symmetric,
        "charge_nats": own.delivered_nano_nats / NANO if private else None,
        "charge_micro_usd": charge_micro_usd(seat.terms, own.delivered_nano_nats),
    }


@dataclass(slots=True)
class TokenTeller:
    """The log probabilities of tokens, each told together with the first of its text that leaves.

    They are the whole vote's, at the temperature at which it was measured, before `top_p` took anything away.
    A token that a stop string cut off is never told, and neither is the end token.
    """

    question: Question
    spell: Callable[[int], bytes]
    end_ids: frozenset[int]
    _waiting: list[Event] = field(default_factory=list)
    _left: int = 0  # characters that have left

    def told_with(self, step: Step) -> list[Event]:
        """Of the tokens up to this one, those that are told now."""
        self._left += len(step.text_delta)
        if self.question.logprobs is None or step.log_probability is None:
            return []
        ended = step.token_id in self.end_ids
        if not ended:
            self._waiting.append(self._entry(step))
        whole = step.finish_reason is not None and (ended or step.finish_reason != "stop")
        told = [one for one in self._waiting if whole or one["offset"] < self._left]
        self._waiting = self._waiting[len(told) :]
        return told

    def _entry(self, step: Step) -> Event:
        assert step.log_probability is not None
        return {
            **self._token(step.token_id, step.log_probability),
            "offset": step.begins_at,
            "top": [self._token(token, log_p) for token, log_p in step.likeliest],
        }

    def _token(self, token_id: int, log_probability: float) -> Mapping[str, Any]:
        spelled = self.spell(token_id)
        return {
            "token": spelled.decode(errors="replace"),
            "logprob": max(log_probability, LEAST_LOGPROB),
            "bytes": list(spelled),
        }
