"""The channel's contract, the same for memory and Redis."""

import threading
from uuid import uuid4

import pytest
import redis

from inference.channel import KEPT_SECONDS
from inference.channels.memory import MemoryChannel


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
def channel(request):
    if request.param == "memory":
        return MemoryChannel()
    from django.conf import settings

    from inference.channels.redis import RedisChannel

    return RedisChannel(url=settings.REDIS_URL or "redis://127.0.0.1:6379/5")


def test_events_are_numbered_from_one_and_read_in_order_by_every_reader(channel):
    answer = uuid4()
    assert [channel.publish(answer, {"type": "token", "text": word}) for word in "abc"] == [1, 2, 3]
    for _ in range(2):
        read = channel.read(answer, after=0, timeout_seconds=0.01)
        assert [one.number for one in read] == [1, 2, 3]
        assert "".join(one.event["text"] for one in read) == "abc"
    assert [one.number for one in channel.read(answer, after=2, timeout_seconds=0.01)] == [3]


def test_nothing_new_is_an_empty_list_after_the_timeout(channel):
    answer = uuid4()
    channel.publish(answer, {"type": "token"})
    assert list(channel.read(answer, after=1, timeout_seconds=0.02)) == []
    assert list(channel.read(uuid4(), after=0, timeout_seconds=0.02)) == []


def test_a_waiting_reader_is_woken_by_the_next_event(channel):
    answer = uuid4()
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(channel.read(answer, after=0, timeout_seconds=20)))
    reader.start()
    channel.publish(answer, {"type": "done", "text": "ü\n"})
    reader.join(timeout=20)
    assert [one.event["text"] for one in seen] == ["ü\n"]
    assert seen[0].is_last


def test_cancelling_one_answer_says_nothing_about_another(channel):
    mine, other = uuid4(), uuid4()
    assert not channel.cancelled(mine)
    channel.cancel(mine)
    assert channel.cancelled(mine)
    assert not channel.cancelled(other)


def test_memory_forgets_answers_that_nobody_touched_for_long():
    now = [0.0]
    channel = MemoryChannel(clock=lambda: now[0], kept_seconds=10)
    old, new = uuid4(), uuid4()
    channel.publish(old, {"type": "token"})
    now[0] = 11.0
    channel.publish(new, {"type": "token"})
    assert list(channel.read(old, after=0, timeout_seconds=0)) == []
    assert len(channel.read(new, after=0, timeout_seconds=0)) == 1


@pytest.mark.servers
def test_redis_forgets_a_stream_and_a_cancellation_by_itself():
    from django.conf import settings

    from inference.channels.redis import RedisChannel

    url = settings.REDIS_URL or "redis://127.0.0.1:6379/5"
    answer = uuid4()
    RedisChannel(url=url).publish(answer, {"type": "token"})
    RedisChannel(url=url).cancel(answer)
    with redis.Redis.from_url(url, decode_responses=True) as server:
        keys = list(server.scan_iter(f"answer:{answer}:*"))
        assert len(keys) == 2
        assert all(0 < server.ttl(key) <= KEPT_SECONDS for key in keys)
