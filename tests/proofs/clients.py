"""Clients under load, each with a connection of its own: they hold, top up, draw, settle, and keep a journal.

`python -m tests.proofs.clients SCENE FOLDER PROCESSES THREADS SEED` prints the ids of its processes, so that
somebody can kill them. A client whose connection is lost asks the same again with the same ids, as any client
of a payment system must; every other failure of the database is an error that a caller saw.
"""

import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import django

if __name__ == "__main__":
    django.setup()

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from accounting import barrier, holds
from accounting.errors import Conflict, PaymentRequired
from accounting.holds import Placed
from tests.proofs import barriers
from tests.proofs.journal import Journal
from tests.proofs.model import Seat
from tests.proofs.scene import NOW, Scene
from tests.proofs.world import World

R = TypeVar("R")
PATIENCE_SECONDS = 60.0
GOING_DOWN = {"57P01", "57P02", "57P03"}


class Client:
    def __init__(self, scene: Scene, world: World, journal: Journal, seed: int) -> None:
        self.scene, self.world, self.journal = scene, world, journal
        self.random = random.Random(seed)

    def work(self) -> None:
        for _ in range(self.scene.answers):
            hold_id = uuid.UUID(int=self.random.getrandbits(128), version=4)
            try:
                self.answer(hold_id)
            except PaymentRequired:
                self.journal.note("refused", hold_id)

    def answer(self, hold_id: uuid.UUID) -> None:
        asked = self._seats()
        wallet = self.random.choice(sorted(self.scene.wallets))
        terms = {label: _plain(seat) for label, seat in asked.items()}
        self.journal.note("asking", hold_id, wallet=wallet, seats=terms, fee=500)
        place = partial(
            self.world.place,
            hold_id,
            asked,
            wallet=wallet,
            caps=self.scene.caps,
            fee_points=500,
            most=None,
            now=NOW,
        )
        placed = self.repeatedly(lambda: _kept(place))
        self.journal.note("placed", hold_id, seated=placed.seated, held=placed.held_micro_usd)
        seats = {label: asked[label] for label in placed.seated}
        if self.random.random() < self.scene.abandoned_share / 2:
            self.journal.note("voiding", hold_id)
            self.until_answered(lambda: holds.void(hold_id=hold_id, reason="left", now=NOW))
            self.journal.note("voided", hold_id)
            return
        tokens = self._draw(hold_id, seats)
        if self.random.random() < self.scene.abandoned_share:
            return
        used = {label: (seat.held, self.random.randint(0, seat.held)) for label, seat in seats.items()}
        self._settle(hold_id, used, tokens)

    def _draw(self, hold_id: uuid.UUID, seats: dict[str, Seat]) -> int:
        """Token by token would be slow: a few steps, a block more for each seat at every step."""
        tokens = 0
        for _ in range(self.scene.blocks):
            tokens += 16
            time.sleep(self.scene.pause_seconds * self.random.random())
            for seat in seats.values():
                seat.drawn = self.random.randint(seat.drawn, seat.held)
                seat.delivered = self.random.randint(seat.delivered, seat.drawn)
            drawn = {label: seat.drawn for label, seat in seats.items()}
            delivered = {label: seat.delivered for label, seat in seats.items()}
            self.journal.note("marking", hold_id, tokens=tokens, drawn=drawn, delivered=delivered)
            self.repeatedly(
                partial(
                    holds.record_progress,
                    hold_id=hold_id,
                    tokens_drawn=tokens,
                    tokens_delivered=tokens,
                    drawn_nano_nats=drawn,
                    delivered_nano_nats=delivered,
                    now=NOW,
                )
            )
            self.journal.note("marked", hold_id)
            for label in self.random.sample(sorted(seats), len(seats)):
                self._top_up(hold_id, label, seats[label])
        return tokens + 16

    def _top_up(self, hold_id: uuid.UUID, label: str, seat: Seat) -> None:
        """Not repeated: a client that does not know whether it got a block does not count on it."""
        amount = min(self.scene.block, seat.cap - seat.held)
        if amount <= 0:
            return
        self.journal.note("topping", hold_id, label=label, nats=amount)
        try:
            yes = holds.top_up(hold_id=hold_id, label=label, nano_nats=amount, now=NOW)
        except DatabaseError as error:
            if not _lost(error):
                raise
            _disconnect()
            return
        self.journal.note("topped", hold_id, label=label, yes=yes)
        seat.held += amount if yes else 0

    def _settle(self, hold_id: uuid.UUID, used: dict[str, tuple[int, int]], tokens: int) -> None:
        self.journal.note("settling", hold_id, used=used, tokens=tokens)
        settled = self.repeatedly(lambda: self.world.settle(hold_id, used, (tokens, tokens), NOW))
        self.journal.note("settled", hold_id, total=settled.total_micro_usd)
        if self.random.random() < self.scene.repeated_share:
            with suppress(Conflict):
                self.until_answered(lambda: self.world.settle(hold_id, used, (tokens + 1, tokens), NOW))
                self.journal.note("error", text=f"{hold_id}: other content under the same id was taken")

    def _seats(self) -> dict[str, Seat]:
        """Sources in random order, the hot ones always among them."""
        others = [label for label in self.scene.owners if label not in self.scene.hot]
        chosen = [*self.scene.hot, *self.random.sample(others, self.scene.seats - len(self.scene.hot))]
        self.random.shuffle(chosen)
        return {
            label: Seat(
                budgets=(label,),
                cap=self.scene.block * (1 + self.scene.blocks),
                held=self.scene.block,
                price=self.random.choice([0, 7, 20]),
                floor=self.random.choice([0, 3]),
                blocks=self.random.random() < self.scene.private_share,
            )
            for label in chosen
        }

    def repeatedly(self, call: Callable[[], R]) -> R:
        """Sometimes asked twice, which must change nothing."""
        first = self.until_answered(call)
        if self.random.random() < self.scene.repeated_share:
            again = self.until_answered(call)
            if again != first:
                self.journal.note("error", text=f"a repeated call gave {again}, first {first}")
        return first

    def until_answered(self, call: Callable[[], R]) -> R:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return call()
            except Exception as error:
                if not _lost(error) or time.monotonic() > deadline:
                    raise
            self.journal.note("reconnected")
            _disconnect()
            time.sleep(0.05 + 0.1 * self.random.random())


def _kept(place: Callable[[], Placed]) -> Placed:
    """Placed, and on disk: what the engine waits for before the first token."""
    placed = place()
    barrier.hold_is_durable(placed.hold_id)
    return placed


def _plain(seat: Seat) -> dict[str, Any]:
    return {
        "cap": seat.cap,
        "held": seat.held,
        "price": seat.price,
        "floor": seat.floor,
        "blocks": seat.blocks,
    }


def _lost(error: Exception) -> bool:
    """Whether the connection is gone; a deadlock or a refusal has a code, and leaves it standing."""
    if isinstance(error, InterfaceError | barrier.LostInACrashError):
        return True
    code = getattr(error.__cause__, "pgcode", None)
    return isinstance(error, OperationalError) and (code is None or code in GOING_DOWN)


def _disconnect() -> None:
    with suppress(DatabaseError, InterfaceError):
        connection.close()


def _thread(scene: Scene, journal: Journal, seed: int, start: Any) -> None:
    try:
        connection.ensure_connection()
        start.wait()
        Client(scene, World(**scene.ids), journal, seed).work()
    except Exception as error:  # noqa: BLE001 (whatever it is, the proof must hear of it)
        journal.note("error", text=f"{type(error).__name__}: {error}")
    finally:
        _disconnect()


def _process(scene: Scene, folder: Path, number: int, threads: int, seed: int, start: Any) -> None:
    journals = [Journal(folder / f"{seed}-{number}-{thread}.jsonl") for thread in range(threads)]
    running = [
        threading.Thread(target=_thread, args=(scene, journal, hash((seed, number, place)), start))
        for place, journal in enumerate(journals)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def main(scene_path: str, folder: str, processes: str, threads: str, seed: str) -> None:
    scene = Scene.read(Path(scene_path))
    if scene.without_barrier:
        barriers.remove()
    start = get_context("fork").Barrier(int(processes) * int(threads))
    pids = []
    for number in range(int(processes)):
        pid = os.fork()
        if pid == 0:
            _process(scene, Path(folder), number, int(threads), int(seed), start)
            os._exit(0)
        pids.append(pid)
    print(*pids, flush=True)
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
