"""The demo as a client: asks over HTTP like anybody else, with an idempotency key for each question.

A repeated demo sends the same keys, so it gets the first outcomes again and nothing is paid twice.
"""

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from workers.demo.cast import Question

PATIENCE_SECONDS = 300


class RefusedError(RuntimeError):
    """The server answered with an error; the text says which."""


@dataclass(frozen=True, slots=True)
class Client:
    """A buyer's API key and the server it is for."""

    base_url: str
    api_key: str
    model: str

    def ask(self, question: Question, *, edition: str) -> dict[str, Any]:
        """The answer. `edition` names what could answer: with other partitions the question is a new one."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": question.text}],
            "max_tokens": question.max_tokens,
            "temperature": question.temperature,
            "abc": question.abc,
        }
        told = json.dumps([body, edition, self.api_key], sort_keys=True)
        key = "demo-" + hashlib.sha256(told.encode()).hexdigest()[:32]
        return self._post("/v1/chat/completions", body, {"Idempotency-Key": key})

    def verify(self, receipt_id: str) -> dict[str, Any]:
        return self._post(f"/v1/receipts/{receipt_id}/verify", {}, {})

    def curl(self, question: Question) -> str:
        """A line that asks the question again, for a person's terminal."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": question.text}],
            "max_tokens": 64,
        }
        return (
            f"curl -s {self.base_url}/v1/chat/completions -H 'Authorization: Bearer {self.api_key}' "
            f"-H 'Content-Type: application/json' -d '{json.dumps(body)}'"
        )

    def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own http address
            self.base_url + path,
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.api_key}", "Content-Type": "application/json"} | headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as reply:  # noqa: S310
                answer: dict[str, Any] = json.load(reply)
                return answer
        except urllib.error.HTTPError as error:
            raise RefusedError(
                f"{path} answered {error.code}: {error.read().decode(errors='replace')}"
            ) from error
