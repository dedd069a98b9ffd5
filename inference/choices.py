"""One request, several choices: each an answer with its own row, hold and receipt, told in one channel.

The request's own row and channel stand for the whole; it holds no money. Choices speak through
`ChoiceChannel`, so that what makes an answer needs not know that it is one of several. They begin all or
none: money that refuses one gives the others back before any token. Afterwards each ends by itself.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.conf import settings

from accounting.errors import DomainError
from inference import lifecycle
from inference.bench import Bench
from inference.channel import AnswerChannel, Event, Numbered
from inference.ending import end_badly
from inference.models import Answer, AnswerState
from inference.problems import ENGINE_FAILED, told

logger = logging.getLogger(__name__)

ENDS = {"done": "choice", "error": "failed"}  # a choice's end is not the request's
KEPT = frozenset({"start", "token", "choice", "failed"})


@dataclass(slots=True)
class ChoiceChannel:
    """The request's channel as one choice sees it; what a repeat of the request is told is remembered."""

    channel: AnswerChannel
    request_id: UUID
    index: int
    said: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, answer_id: UUID, event: Event) -> int:  # noqa: ARG002 (the port's signature)
        told_as = {**event, "type": ENDS.get(event["type"], event["type"]), "index": self.index}
        if told_as["type"] in KEPT:
            self.said.append(told_as)
        return self.channel.publish(self.request_id, told_as)

    def read(self, answer_id: UUID, *, after: int, timeout_seconds: float) -> Sequence[Numbered]:  # noqa: ARG002
        return self.channel.read(self.request_id, after=after, timeout_seconds=timeout_seconds)

    def cancel(self, answer_id: UUID) -> None:  # noqa: ARG002 (the port's signature)
        self.channel.cancel(self.request_id)

    def cancelled(self, answer_id: UUID) -> bool:  # noqa: ARG002 (the port's signature)
        return self.channel.cancelled(self.request_id)

    @property
    def end(self) -> Event | None:
        """How it ended: with `choice` or `failed`."""
        return next((event for event in self.said if event["type"] in ENDS.values()), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice with its row and the bench it is made on."""

    answer: Answer
    channel: ChoiceChannel
    bench: Bench


def choice_of(request: Answer, answer: Answer, bench: Bench) -> Choice:
    assert answer.choice is not None
    channel = ChoiceChannel(bench.channel, request.pk, answer.choice)
    return Choice(answer, channel, replace(bench, channel=channel))


@contextmanager
def ended_with_the_request(answers: Sequence[Answer], bench: Bench) -> Iterator[None]:
    """For steps before the first token: what refuses one choice ends them all."""
    try:
        yield
    except Exception as error:
        problem = told(error if isinstance(error, DomainError) else ENGINE_FAILED)
        for answer in answers:
            lifecycle.fail(answer_id=answer.pk, problem=problem, now=bench.now())
        raise


def in_turns(request: Answer, making: Sequence[tuple[Choice, Iterator[None]]], bench: Bench) -> None:
    """A token of each in turn, until all have ended; one that fails does not take the others along."""
    waiting, turn = list(making), 0
    while waiting:
        waiting = [one for one in waiting if _goes_on(*one)]
        turn += 1
        if turn % settings.WATERMARK_TOKENS == 0:
            lifecycle.renew(answer_id=request.pk, now=bench.now())


def _goes_on(choice: Choice, steps: Iterator[None]) -> bool:
    try:
        next(steps)
    except StopIteration:
        return False
    except Exception:
        logger.exception("Choice %s of %s failed", choice.answer.choice, choice.answer.part_of_id)
        end_badly(
            answer_id=choice.answer.pk, refusal=ENGINE_FAILED, channel=choice.channel, now=choice.bench.now()
        )
        return False
    return True


def end(request: Answer, choices: Sequence[Choice], *, choices_a_prompt: int, bench: Bench) -> None:
    """Closes the request's own row and says its last event: the sums, or the problem if all have failed."""
    ends = [choice.channel.end for choice in choices]
    made = [end for end in ends if end is not None and end["type"] == "choice"]
    now = bench.now()
    if not made:
        problem = next((end["problem"] for end in ends if end is not None), told(ENGINE_FAILED))
        lifecycle.fail(answer_id=request.pk, problem=problem, now=now)
        bench.channel.publish(request.pk, {"type": "error", "problem": problem})
        return
    last = {"type": "done", "usage": _usage(made, choices_a_prompt), "abc": sums(made)}
    kept = [event for choice in choices for event in choice.channel.said]
    state = AnswerState.CANCELLED if bench.channel.cancelled(request.pk) else AnswerState.DONE
    lifecycle.finish(request, state=state, outcome=[*kept, last], now=now, receipt_id=None)
    bench.channel.publish(request.pk, last)


def sums(made: Sequence[Event]) -> dict[str, Any]:
    """What the choices cost together, and what each source got of it; each choice has its own account."""
    accounts = [event["abc"] for event in made]
    charges: dict[str, int] = {}
    for account in accounts:
        for source in account["sources"]:
            charges[source["source"]] = charges.get(source["source"], 0) + source["charge_micro_usd"]
    return {
        "mode": accounts[0]["mode"],
        "core": accounts[0]["core"],
        "receipt_ids": [account["receipt_id"] for account in accounts],
        "sources": [{"source": slug, "charge_micro_usd": charge} for slug, charge in sorted(charges.items())],
        "fee_micro_usd": sum(account["fee_micro_usd"] for account in accounts),
        "charge_micro_usd": sum(account["charge_micro_usd"] for account in accounts),
    }


def _usage(made: Sequence[Event], choices_a_prompt: int) -> dict[str, int]:
    """A prompt is read once, however many choices it has."""
    prompts = {event["index"] // choices_a_prompt: event["usage"]["prompt_tokens"] for event in made}
    prompt = sum(prompts.values())
    completion = sum(event["usage"]["completion_tokens"] for event in made)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
