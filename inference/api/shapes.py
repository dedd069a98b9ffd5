"""OpenAI's JSON shapes of one answer, whole and in chunks. Pure: events in, JSON values out.

What is ours stands in `abc` beside OpenAI's fields. A chunk that only carries such an event has an ordinary
choice with an empty delta, because most programs read `choices[0]` of every chunk without looking.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
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
        kind = "chat.completion" if self.is_chat else "text_completion"
        done = told[-1]
        ends = [event for event in told if event["type"] in {"choice", "failed"}]
        choices = [
            {**self._choice(told, end), "abc": end["abc"]}
            for end in sorted(ends, key=itemgetter("index"))
            if end["type"] == "choice"
        ]
        failed = [_failed(end) for end in ends if end["type"] == "failed"]
        return {
            **self._head(kind),
            "choices": choices or [self._choice(told, done)],
            "usage": done["usage"],
            "abc": {**done["abc"], **({"failed": failed} if failed else {})},
        }

    def _choice(self, told: Sequence[Event], end: Event) -> Json:
        """All that was said under the index of `end`."""
        index = end.get("index", 0)
        tokens = [one for one in told if one["type"] == "token" and one.get("index", 0) == index]
        text = "".join(event["text"] for event in tokens)
        said: Json = (
            {"message": {"role": "assistant", "content": text, "refusal": None}}
            if self.is_chat
            else {"text": text}
        )
        entries = [entry for event in tokens for entry in event.get("logprobs", ())]
        return {
            "index": index,
            **said,
            "logprobs": self._logprobs(entries),
            "finish_reason": end["finish_reason"],
        }

    def chunks(self, event: Event) -> Iterator[Json]:
        """What one event becomes in a stream; some become nothing."""
        index = event.get("index", 0)
        match event["type"]:
            case "start":
                first: Json = (
                    {"delta": {"role": "assistant", "content": ""}} if self.is_chat else {"text": ""}
                )
                yield self._telling(first, index, "votes", event.get("votes", {}))
            case "token":
                yield self._chunk(self._delta(event["text"]), index, entries=event.get("logprobs", ()))
            case "influence" | "budget" | "policy" as kind:
                told = {key: value for key, value in event.items() if key != "type"}
                yield self._telling(self._delta(""), index, kind, told)
            case "failed":
                yield self._telling(self._delta(""), index, "failed", _failed(event))
            case "choice":
                chunk = self._chunk(self._nothing(), index, finish_reason=event["finish_reason"])
                chunk["choices"][0]["abc"] = event["abc"]
                yield chunk
            case "done":
                last = self._chunk(self._nothing(), 0, finish_reason=event.get("finish_reason"))
                yield {**last, "abc": event["abc"]}
                if self.include_usage:
                    yield {**self._head(self._chunk_kind()), "choices": [], "usage": event["usage"]}

    def _telling(self, said: Mapping[str, Any], index: int, name: str, told: Mapping[str, Any]) -> Json:
        """A chunk that carries an event of ours."""
        return {**self._chunk(said, index), "abc": {"event": f"abc.{name}", **told, "index": index}}

    def _nothing(self) -> Json:
        return {"delta": {}} if self.is_chat else {"text": ""}

    def _delta(self, text: str) -> Json:
        return {"delta": {"content": text}} if self.is_chat else {"text": text}

    def _chunk(
        self,
        said: Mapping[str, Any],
        index: int,
        *,
        entries: Sequence[Event] = (),
        finish_reason: str | None = None,
    ) -> Json:
        choice: Json = {
            "index": index,
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


def _failed(event: Event) -> Json:
    """A choice that could not be finished, while others were; what was delivered of it is settled."""
    problem = event["problem"]
    message = f"{problem['detail']} {problem['next_step']}".strip()
    return {"index": event["index"], "code": problem["code"], "message": message}
