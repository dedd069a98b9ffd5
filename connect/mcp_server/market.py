"""A deployment's REST API as the tools need it: one method for each call, refusals in one sentence.

It knows addresses and forms, no protocol of assistants. A refusal carries the API's own code and what to do.
"""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

Json = dict[str, Any]
PATIENCE = httpx2.Timeout(connect=10, read=300, write=30, pool=30)  # an answer may take its time


class Refused(Exception):
    """The deployment said no: `code: what happened. What to do.`"""

    def __init__(self, code: str, detail: str, next_step: str = "") -> None:
        super().__init__(f"{code}: {detail} {next_step}".strip())
        self.code = code


@dataclass(frozen=True, slots=True)
class Market:
    """Where the deployment is, and with which key it is asked."""

    url: str
    key: str

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        return await self._sent("GET", path, params=dict(params or {}))

    async def post(self, path: str, body: Json | None = None) -> Json:
        return await self._sent("POST", path, json=body)

    async def stream(self, path: str, body: Json) -> AsyncIterator[Json]:
        """Every chunk of an answer; Refused also where it breaks off in the middle."""
        try:
            async with (
                self._client() as client,
                client.stream("POST", path, json={**body, "stream": True}) as reply,
            ):
                if reply.status_code != httpx2.codes.OK:
                    raise refusal_of(reply.status_code, await reply.aread())
                async for line in reply.aiter_lines():
                    if line.startswith("data: ") and line != "data: [DONE]":
                        yield _unless_error(json.loads(line.removeprefix("data: ")))
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error

    async def _sent(self, method: str, path: str, **what: Any) -> Json:
        try:
            async with self._client() as client:
                reply = await client.request(method, path, **what)
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error
        if reply.status_code >= httpx2.codes.BAD_REQUEST:
            raise refusal_of(reply.status_code, reply.content)
        found: Json = reply.json()
        return found

    def _client(self) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE)

    def _unreachable(self, error: httpx2.TransportError) -> Refused:
        kind = type(error).__name__
        return Refused(
            "unreachable", f"{self.url} does not answer ({kind}).", "Check MARKET_URL and try again."
        )


def refusal_of(status: int, content: bytes) -> Refused:
    """A problem, OpenAI's error object, or whatever else a proxy on the way may have said."""
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if isinstance(told, dict) and isinstance(told.get("error"), dict):
        return Refused(str(told["error"]["code"]), str(told["error"]["message"]))
    if isinstance(told, dict) and "code" in told:
        return Refused(str(told["code"]), str(told.get("detail", "")), str(told.get("next_step", "")))
    return Refused(f"http_{status}", f"The deployment answered with status {status}.")


def _unless_error(chunk: Json) -> Json:
    if isinstance(chunk.get("error"), dict):
        raise Refused(str(chunk["error"]["code"]), str(chunk["error"]["message"]))
    return chunk
