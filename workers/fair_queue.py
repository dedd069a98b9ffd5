"""Answers that wait in this process, in turns: one of each consumer that waits, and of a consumer the oldest.

So nobody who sends many questions makes the others wait for all of them. Knows nothing of answers but whose
they are.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Round robin over consumers; used by any number of threads."""

    def __init__(self) -> None:
        self._lines: OrderedDict[Hashable, deque[T]] = OrderedDict()  # the next consumer first
        self._changed = threading.Condition()
        self._closed = False

    def put(self, consumer: Hashable, item: T) -> None:
        with self._changed:
            self._lines.setdefault(consumer, deque()).append(item)
            self._changed.notify()

    def get(self) -> T | None:
        """The next one; waits for it. None once the queue is closed, whatever still waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._lines)
            if self._closed:
                return None
            consumer, line = self._lines.popitem(last=False)
            item = line.popleft()
            if line:
                self._lines[consumer] = line  # behind the others
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
