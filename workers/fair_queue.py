"""Answers that wait in this process, in turns: one of each consumer that waits, and of a consumer the oldest.

So nobody who sends many questions makes the others wait for all of them, nor takes every place with long
answers: a consumer has at most so many at the same time. Knows nothing of answers but whose they are.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
_NOBODY = object()  # None may be a consumer: of answers that are gone


class FairQueue(Generic[T]):
    """Round robin over consumers, each with at most `most_each` taken and not done; used by many threads."""

    def __init__(self, *, most_each: int) -> None:
        self._most_each = most_each
        self._taken: Counter[Hashable] = Counter()
        self._lines: OrderedDict[Hashable, deque[T]] = OrderedDict()  # the next consumer first
        self._changed = threading.Condition()
        self._closed = False

    def put(self, consumer: Hashable, item: T) -> None:
        with self._changed:
            self._lines.setdefault(consumer, deque()).append(item)
            self._changed.notify()

    def get(self) -> tuple[Hashable, T] | None:
        """The next one and whose it is; waits for it. None once the queue is closed, whatever still waits."""
        with self._changed:
            while not self._closed:
                consumer = next((one for one in self._lines if self._taken[one] < self._most_each), _NOBODY)
                if consumer is not _NOBODY:
                    return consumer, self._take(consumer)
                self._changed.wait()
            return None

    def done(self, consumer: Hashable) -> None:
        """One of those that the consumer had taken is over."""
        with self._changed:
            self._taken[consumer] -= 1
            if not self._taken[consumer]:
                del self._taken[consumer]
            self._changed.notify()

    def _take(self, consumer: Hashable) -> T:
        line = self._lines.pop(consumer)
        item = line.popleft()
        if line:
            self._lines[consumer] = line  # behind the others
        self._taken[consumer] += 1
        return item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def rest(self) -> list[T]:
        """What still waited; nothing does afterwards."""
        with self._changed:
            left = [item for line in self._lines.values() for item in line]
            self._lines.clear()
            return left
