"""Things that are slow to load and large to keep, in memory within a limit of bytes, for many threads.

One load for all who ask for a thing at the same moment, and nobody who asks for another thing waits for it.
The least used go first. What somebody still holds is not let go: it would free nothing, and the next who asks
would load a second copy. Must not know what it keeps.
"""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar


class Sized(Protocol):
    """Something that knows how much memory it takes."""

    @property
    def nbytes(self) -> int: ...


Thing = TypeVar("Thing", bound=Sized)


@dataclass(frozen=True, slots=True)
class _Place:
    """One thing, and its bytes as they were counted when it came."""

    thing: Sized
    nbytes: int


class Kept:
    """By key. Beyond `most_bytes` there is only what is in use."""

    def __init__(self, *, most_bytes: int) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._places: OrderedDict[Hashable, _Place] = OrderedDict()
        self._loading: dict[Hashable, Future[Sized]] = {}
        self._bytes = 0

    @property
    def nbytes(self) -> int:
        """What all that is kept takes."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._places

    def get(self, key: Hashable, load: Callable[[], Thing]) -> Thing:
        """What is kept under the key, or what `load` makes; all who wait hear of a failure, nobody later."""
        with self._lock:
            place = self._places.get(key)
            if place is not None:
                self._places.move_to_end(key)
                return place.thing  # type: ignore[return-value]  # a key stands for one kind of thing
            coming = self._loading.get(key)
            mine = coming is None
            if coming is None:
                coming = self._loading[key] = Future()
        if mine:
            self._load(key, load, coming)
        return coming.result()  # type: ignore[return-value]

    def _load(self, key: Hashable, load: Callable[[], Thing], coming: "Future[Sized]") -> None:
        try:
            thing = load()
        except BaseException as error:  # noqa: BLE001 - told to everybody who waits, this caller too
            with self._lock:
                del self._loading[key]
            coming.set_exception(error)
            return
        with self._lock:
            del self._loading[key]
            self._places[key] = _Place(thing, thing.nbytes)
            self._bytes += thing.nbytes
            self._make_room()
        coming.set_result(thing)

    def _make_room(self) -> None:
        """Take away the least used, and put back what that does not free: somebody holds it."""
        for key in list(self._places):
            if self._bytes <= self._most:
                return
            place = self._places.pop(key)
            watched, nbytes = weakref.ref(place.thing), place.nbytes
            del place
            held = watched()
            if held is None:
                self._bytes -= nbytes
            else:
                self._places[key] = _Place(held, nbytes)
