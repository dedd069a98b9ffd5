"""The whole way on production's processes, through HTTP only: PostgreSQL, Redis, separate workers."""

import json
from pathlib import Path
from uuid import UUID

import redis

from tests.production.market import QUESTION, data_lines, wait_until_done
from tests.workers.owner_steps import active_partition, job, train, upload


def test_an_answer_streams_over_redis_and_its_receipt_is_verified(stack, clients, trained) -> None:
    reader = clients["reader"]
    with reader.call("POST", "/v1/chat/completions", json={**QUESTION, "stream": True}, stream=True) as got:
        assert got.status_code == 200, got.text
        assert got.headers["Content-Type"].startswith("text/event-stream")
        events = list(data_lines(got))
    assert events[-1] == "[DONE]"
    chunks = [json.loads(event) for event in events[:-1]]
    said = [chunk for chunk in chunks if chunk["choices"] and chunk["choices"][0]["delta"].get("content")]
    assert len(said) > 1
    [abc] = [chunk["abc"] for chunk in chunks if "receipt_id" in chunk.get("abc", {})]
    UUID(abc["receipt_id"])
    assert abc["sources"], abc["excluded"]
    with redis.Redis.from_url(stack.environment["REDIS_URL"], decode_responses=True) as client:
        streams = [key for key in client.scan_iter("*") if client.type(key) == "stream"]
        assert streams, "no answer travelled over a Redis stream"
    verified = reader.expect(200, "POST", f"/v1/receipts/{abc['receipt_id']}/verify")
    assert verified["signature"] is True
    assert verified["sums"] is True
    assert verified["replayed"] is True


def test_the_books_are_in_order_and_money_moved(stack, clients, trained) -> None:
    before = clients["reader"].expect(200, "GET", "/v1/account")
    abc = clients["reader"].expect(200, "POST", "/v1/chat/completions", json=QUESTION)["abc"]
    after = clients["reader"].expect(200, "GET", "/v1/account")
    assert before["balance_micro_usd"] - after["balance_micro_usd"] == abc["charge_micro_usd"] > 0
    assert after["held_micro_usd"] == 0
    stack.manage("ledger", "check")


def test_the_web_process_has_neither_torch_nor_faiss_loaded(stack, clients, trained) -> None:
    clients["reader"].expect(200, "POST", "/v1/chat/completions", json=QUESTION)
    mapped = Path(f"/proc/{stack.child('web').pid}/maps").read_text()
    assert "libpython" in mapped or "python" in mapped
    for library in ("libtorch", "faiss"):
        assert library not in mapped
    assert "libtorch" in Path(f"/proc/{stack.child('serve').pid}/maps").read_text()


def test_a_train_worker_killed_in_mid_training_is_taken_up_again(stack, clients, trained) -> None:
    press = clients["press"]
    upload(press, "press", "second.txt", "The second edition tells of paper, of ink and of type. " * 1500)
    number = train(press, "press", adapter_tokens=50000)

    def in_the_middle() -> bool:
        told = job(press, number)
        assert told["state"] in {"queued", "running"}, told
        return bool(told["state"] == "running" and told["progress_done"] > 0)

    stack.wait_for(in_the_middle, what="a training under way", seconds=90)
    stack.kill("train")
    assert job(press, number)["state"] == "running"
    stack.start("train")
    wait_until_done(stack, press, number)
    assert active_partition(clients["museum"], "museum")["digest"] == trained["museum"]
    stack.manage("ledger", "check")


def test_a_serve_worker_killed_in_mid_stream_ends_the_stream_and_the_hold(stack, clients, trained) -> None:
    reader = clients["reader"]
    body = {**QUESTION, "max_tokens": 2000, "stream": True}
    with reader.call("POST", "/v1/chat/completions", json=body, stream=True) as got:
        assert got.status_code == 200, got.text
        lines = data_lines(got)
        seen = [next(lines) for _ in range(4)]
        stack.kill("serve")
        assert reader.expect(200, "GET", "/v1/account")["held_micro_usd"] > 0
        seen += list(lines)
    assert "error" in json.loads(next(line for line in reversed(seen) if "[DONE]" not in line))
    stack.start("serve")
    stack.wait_for(
        lambda: reader.expect(200, "GET", "/v1/account")["held_micro_usd"] == 0,
        what="the lost hold to end by itself",
        seconds=60,
    )
    stack.manage("ledger", "check")
    stack.wait_for(stack.engine_ready, what="a new engine", seconds=120)
    assert reader.expect(200, "POST", "/v1/chat/completions", json=QUESTION)["abc"]["receipt_id"]
