"""OpenAI's JSON shapes of one answer, whole and in chunks. Pure: events in, JSON values out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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

    @property
    def is_chat(self) -> bool:
        return self.kind == AnswerKind.CHAT

    def whole(self, text: str, done: Event) -> Json:
        """The reply of a request without `stream`."""
        said: Json = (
            {"message": {"role": "assistant", "content": text, "refusal": None}}
            if self.is_chat
            else {"text": text}
        )
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": done["finish_reason"]}
        kind = "chat.completion" if self.is_chat else "text_completion"
        return {**self._head(kind), "choices": [choice], "usage": done["usage"], "abc": done["abc"]}

    def chunks(self, event: Event, *, include_usage: bool) -> Iterator[Json]:
        """What one event becomes in a stream; some become nothing."""
        match event["type"]:
            case "start" if self.is_chat:
                yield self._chunk({"delta": {"role": "assistant", "content": ""}})
            case "token" if event["text"]:
                yield self._chunk(self._delta(event["text"]))
            case "budget":
                yield {
                    **self._chunk(self._delta("")),
                    "abc": {"event": "abc.budget", "source": event["source"]},
                }
            case "policy":
                told = {key: event[key] for key in ("source", "rule", "reason", "after_tokens", "at")}
                yield {**self._chunk(self._delta("")), "abc": {"event": "abc.policy", **told}}
            case "done":
                last: Json = {"delta": {}} if self.is_chat else {"text": ""}
                yield {**self._chunk(last, finish_reason=event["finish_reason"]), "abc": event["abc"]}
                if include_usage:
                    yield {**self._head(self._chunk_kind()), "choices": [], "usage": event["usage"]}

    def _delta(self, text: str) -> Json:
        return {"delta": {"content": text}} if self.is_chat else {"text": text}

    def _chunk(self, said: Mapping[str, Any], *, finish_reason: str | None = None) -> Json:
        choice = {"index": 0, **said, "logprobs": None, "finish_reason": finish_reason}
        return {**self._head(self._chunk_kind()), "choices": [choice]}

    def _chunk_kind(self) -> str:
        return "chat.completion.chunk" if self.is_chat else "text_completion"

    def _head(self, kind: str) -> Json:
        prefix = "chatcmpl" if self.is_chat else "cmpl"
        return {
            "id": f"{prefix}-{self.answer_id}",
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
        }
