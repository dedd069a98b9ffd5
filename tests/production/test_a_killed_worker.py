"""kill -9 of a serve worker with several answers under way: every client is told, what was delivered is
settled, the rest of every hold ends, and the books agree.
"""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.production.market import QUESTION, data_lines

STREAMS = 4
WATERMARK = 16  # tokens; what is delivered after the last one is not charged


@dataclass
class Stream:
    """What one client has read of its answer so far."""

    chunks: list[dict[str, Any]] = field(default_factory=list)
    reply: str = ""
    ended: bool = False

    def read(self, client) -> None:
        body = {**QUESTION, "max_tokens": 2000, "stream": True}
        with client.call("POST", "/v1/chat/completions", json=body, stream=True) as got:
            self.reply = f"{got.status_code}"
            for line in data_lines(got):
                if line != "[DONE]":
                    self.chunks.append(json.loads(line))
        self.ended = True

    @property
    def answer_id(self) -> str:
        return str(self.chunks[0]["id"]).partition("-")[2]

    @property
    def texts(self) -> int:
        """Chunks that brought text: as many tokens at least were delivered."""
        return sum(bool(one.get("choices") and one["choices"][0]["delta"].get("content"))
                   for one in self.chunks)  # fmt: skip


def test_clients_of_several_answers_are_told_and_what_they_read_is_settled(stack, clients, trained) -> None:
    reader = clients["reader"]
    before = reader.expect(200, "GET", "/v1/account")["balance_micro_usd"]
    streams = [Stream() for _ in range(STREAMS)]
    threads = [threading.Thread(target=one.read, args=(reader,), daemon=True) for one in streams]
    for thread in threads:
        thread.start()
    stack.wait_for(
        lambda: all(one.texts > 2 * WATERMARK for one in streams), what=f"{STREAMS} answers under way"
    )
    stack.kill("serve")
    try:
        for thread in threads:
            thread.join(60)
        assert all(one.ended for one in streams)
        errors = [one.chunks[-1].get("error") for one in streams]
        assert [error and error["code"] for error in errors] == ["engine_lost"] * STREAMS, errors
        stack.wait_for(
            lambda: reader.expect(200, "GET", "/v1/account")["held_micro_usd"] == 0,
            what="the lost holds to end by themselves",
            seconds=60,
        )
    finally:
        stack.start("serve")
    receipts = [_receipt_of(reader, one) for one in streams]
    for stream, receipt in zip(streams, receipts, strict=True):
        assert receipt["ended"] == "expired"
        assert receipt["tokens_delivered"] % WATERMARK == 0
        assert stream.texts - WATERMARK <= receipt["tokens_delivered"]
        assert receipt["tokens_delivered"] > 0
    after = reader.expect(200, "GET", "/v1/account")["balance_micro_usd"]
    assert before - after == sum(receipt["charge_micro_usd"] for receipt in receipts) > 0
    stack.manage("ledger", "check")
    stack.wait_for(stack.engine_ready, what="a new engine", seconds=120)
    assert reader.expect(200, "POST", "/v1/chat/completions", json=QUESTION)["abc"]["receipt_id"]


def _receipt_of(reader, stream: Stream) -> dict[str, Any]:
    rows = reader.expect(200, "GET", "/v1/receipts?limit=50")["results"]
    bodies = (reader.expect(200, "GET", f"/v1/receipts/{row['receipt_id']}") for row in rows)
    return next(body for body in bodies if body.get("answer_id") == stream.answer_id)
