"""OpenAI's JSON shapes of one answer, whole and in chunks. Pure: events in, JSON values out.

What is ours stands in `abc` beside OpenAI's fields. A chunk that only carries such an event has an ordinary
choice with an empty delta, because most programs read `choices[0]` of every chunk without looking.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from inference.api import logprobs
from inference.channel import Event
from inference.models import AnswerKind

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """What every chunk and the whole reply repeat."""

    kind: AnswerKind
    answer_id: str
    created: int
    model: str
    with_logprobs: bool
    include_usage: bool
    fingerprint: str | None = None

    @property
    def is_chat(self) -> bool:
        return self.kind == AnswerKind.CHAT

    def knowing(self, first: Event) -> "Shape":
        """With what the first event of an answer says of all of it."""
        return replace(self, fingerprint=first.get("fingerprint"))

    def whole(self, told: Sequence[Event]) -> Json:
        """The reply of a request without `stream`, from all of its events."""
        tokens = [event for event in told if event["type"] == "token"]
        text = "".join(event["text"] for event in tokens)
        entries = [entry for event in tokens for entry in event.get("logprobs", ())]
        said: Json = (
            {"message": {"role": "assistant", "content": text, "refusal": None}}
            if self.is_chat
            else {"text": text}
        )
        done = told[-1]
        choice = {
            "index": 0,
            **said,
            "logprobs": self._logprobs(entries),
            "finish_reason": done["finish_reason"],
        }
        kind = "chat.completion" if self.is_chat else "text_completion"
        return {**self._head(kind), "choices": [choice], "usage": done["usage"], "abc": done["abc"]}

    def chunks(self, event: Event) -> Iterator[Json]:
        """What one event becomes in a stream; some become nothing."""
        match event["type"]:
            case "start":
                first: Json = (
                    {"delta": {"role": "assistant", "content": ""}} if self.is_chat else {"text": ""}
                )
                yield {**self._chunk(first), "abc": {"event": "abc.votes", **event.get("votes", {})}}
            case "token":
                yield self._chunk(self._delta(event["text"]), entries=event.get("logprobs", ()))
            case "influence" | "budget" | "policy" as kind:
                told = {key: value for key, value in event.items() if key != "type"}
                yield {**self._chunk(self._delta("")), "abc": {"event": f"abc.{kind}", **told}}
            case "done":
                last: Json = {"delta": {}} if self.is_chat else {"text": ""}
                yield {**self._chunk(last, finish_reason=event["finish_reason"]), "abc": event["abc"]}
                if self.include_usage:
                    yield {**self._head(self._chunk_kind()), "choices": [], "usage": event["usage"]}

    def _delta(self, text: str) -> Json:
        return {"delta": {"content": text}} if self.is_chat else {"text": text}

    def _chunk(
        self, said: Mapping[str, Any], *, entries: Sequence[Event] = (), finish_reason: str | None = None
    ) -> Json:
        choice = {
            "index": 0,
            **said,
            "logprobs": self._logprobs(entries) if entries else None,
            "finish_reason": finish_reason,
        }
        usage: Json = {"usage": None} if self.include_usage else {}
        return {**self._head(self._chunk_kind()), "choices": [choice], **usage}

    def _logprobs(self, entries: Sequence[Event]) -> Json | None:
        if not self.with_logprobs:
            return None
        return logprobs.of_chat(entries) if self.is_chat else logprobs.of_completion(entries)

    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self.is_chat else "text_completion"

    def _head(self, kind: str) -> Json:
        prefix = "chatcmpl" if self.is_chat else "cmpl"
        return {
            "id": f"{prefix}-{self.answer_id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": self.fingerprint,
        }
