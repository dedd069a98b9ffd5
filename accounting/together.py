"""Lets calls that wait at the same moment go to the database as one, each with an outcome of its own.

An answer that is held or settled alone pays a round trip, the start of every statement and a commit. A
process that works on many answers has many such calls waiting at once, and a call for thirty costs little
more than one for one. There is no timer: a call that finds nobody on the way goes at once, and those that
come meanwhile go together when it is back, or earlier when they have become many. Where a shared call fails,
each of them goes alone, so that nobody meets the fault of another. It must not know what the calls do, only
that each may be repeated with the same outcome.
"""

from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from django.db import DatabaseError, connection

Asked = TypeVar("Asked")
Told = TypeVar("Told")
MOST = 32  # in one party: more would keep the rows of all for longer and gain little
ENOUGH = 4  # a party of this size does not wait until the ones before are back from the disk
PARTIES = 4  # under way at once


class _Ticket(Generic[Asked, Told]):
    """One waiting call. Its gate opens once: with an outcome, to lead the next party, or to go alone."""

    __slots__ = ("asked", "gate", "leads", "told")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.told: Told | None = None
        self.leads = False
        self.gate = Lock()
        self.gate.acquire()


class Together(Generic[Asked, Told]):
    """`run` takes what was asked, each `key` once, and answers in the same order, never with None."""

    def __init__(
        self, run: Callable[[Sequence[Asked]], Sequence[Told]], *, key: Callable[[Asked], Hashable]
    ) -> None:
        self._run = run
        self._key = key
        self._lock = Lock()
        self._waiting: list[_Ticket[Asked, Told]] = []
        self._under_way = 0

    def ask(self, asked: Asked) -> Told:
        if connection.in_atomic_block:  # what its transaction has written, no other connection can see
            return self._run([asked])[0]
        ticket: _Ticket[Asked, Told] = _Ticket(asked)
        with self._lock:
            self._waiting.append(ticket)
            self._start_if_it_is_time()
        ticket.gate.acquire()
        if ticket.leads:
            return self._lead(ticket)
        return self._run([asked])[0] if ticket.told is None else ticket.told

    def _lead(self, own: "_Ticket[Asked, Told]") -> Told:
        """Take along who waits. Whatever happens, the next one leads and nobody is left standing."""
        party = [own, *self._others(own)]
        told: Sequence[Told] = ()
        try:
            told = self._run([ticket.asked for ticket in party])
        except DatabaseError:
            if len(party) == 1:
                raise
        finally:
            with self._lock:
                self._under_way -= 1
                self._start_if_it_is_time()
            for number, ticket in enumerate(party[1:], start=1):
                ticket.told = told[number] if told else None
                ticket.gate.release()
        return told[0] if told else self._run([own.asked])[0]

    def _others(self, own: "_Ticket[Asked, Told]") -> "list[_Ticket[Asked, Told]]":
        """Those who wait, as far as they go: a second call with a key that is aboard stays behind."""
        keys = {self._key(own.asked)}
        aboard: list[_Ticket[Asked, Told]] = []
        behind: list[_Ticket[Asked, Told]] = []
        with self._lock:
            for ticket in self._waiting:
                key = self._key(ticket.asked)
                room = len(aboard) < MOST - 1 and key not in keys
                (aboard if room else behind).append(ticket)
                keys.add(key)
            self._waiting = behind
        return aboard

    def _start_if_it_is_time(self) -> None:
        """Whoever has waited longest leads. Under the lock."""
        enough = ENOUGH if self._under_way else 1
        if len(self._waiting) >= enough and self._under_way < PARTIES:
            self._under_way += 1
            following = self._waiting.pop(0)
            following.leads = True
            following.gate.release()
