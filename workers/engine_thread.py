"""The engine threads of a process: answers are made here, a few at the same time, off every HTTP thread.

Part of compose and measure. `manage.py serve` starts it in the ASGI process, a Celery serve worker in its
own; both only submit an answer id. The engine (and with it torch) is loaded inside the thread and warmed up
in the background, and every answer held here gets a heartbeat on its channel, so that a reader can tell a
slow worker from a dead one. Consumers take turns (`workers.fair_queue`). It must not decide anything about
an answer: `inference.engine` does.
"""

import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal, Protocol

from django.db import connections

from workers.fair_queue import FairQueue

logger = logging.getLogger(__name__)

State = Literal["idle", "warming", "ready", "failed", "stopped"]


class Engine(Protocol):
    """What the thread runs: in the product the module `inference.engine`."""

    def warm_up(self) -> None: ...

    def answer(self, *, answer_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Work:
    answer_id: str
    done: Future[None]


class EngineThread:
    """A queue of answer ids, the threads that empty it, and the thread that says they are alive."""

    def __init__(
        self,
        *,
        load: Callable[[], Engine],
        heartbeat: Callable[[str], None],
        alive: Callable[[State], None],
        heartbeat_seconds: float,
        at_once: int = 1,
        at_once_each: int | None = None,  # of one consumer; None: as many as there are places
        consumer_of: Callable[[str], Hashable] = lambda _answer_id: None,
    ) -> None:
        self._load = load
        self._heartbeat = heartbeat
        self._alive = alive
        self._heartbeat_seconds = heartbeat_seconds
        self._consumer_of = consumer_of
        self._queue: FairQueue[_Work] = FairQueue(most_each=at_once_each or at_once)
        self._held: set[str] = set()
        self._held_lock = threading.Lock()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._engine = threading.Thread(target=self._run, name="engine", daemon=True)
        self._others = [f"engine-{number}" for number in range(2, at_once + 1)]
        self._pulse = threading.Thread(target=self._beat, name="engine-heartbeat", daemon=True)
        self.warmed = threading.Event()  # set when the warm-up is over, well or badly
        self.state: State = "idle"
        self.failure = ""

    def start(self) -> None:
        self.state = "warming"
        self._engine.start()
        self._pulse.start()

    def submit(self, answer_id: str) -> Future[None]:
        work = _Work(answer_id, Future())
        if self._ended.is_set():
            work.done.cancel()
            return work.done
        consumer = self._consumer_of(answer_id)  # may fail: what is held must come into the queue
        with self._held_lock:
            self._held.add(answer_id)
        self._queue.put(consumer, work)
        return work.done

    def stop(self, *, timeout_seconds: float) -> None:
        """Finish the answers in hand, then end; what still waits is left to whoever looks for lost ones."""
        self._stopping.set()
        self._queue.close()
        self._engine.join(timeout_seconds)
        self._ended.set()
        self._pulse.join(timeout_seconds)
        self.state = "stopped"

    def _run(self) -> None:
        try:
            engine = self._load()
            self._warm_up(engine)
            others = [threading.Thread(target=self._serve, args=(engine,), name=name, daemon=True)
                      for name in self._others]  # fmt: skip
            for one in others:
                one.start()
            self._serve(engine)
            for one in others:
                one.join()
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self.warmed.set()
            self._ended.set()
            self._give_up_waiting()
            connections.close_all()

    def _serve(self, engine: Engine) -> None:
        while (turn := self._queue.get()) is not None:
            consumer, work = turn
            try:
                self._answer(engine, work)
            finally:
                self._queue.done(consumer)

    def _warm_up(self, engine: Engine) -> None:
        try:
            engine.warm_up()
        except Exception as error:  # noqa: BLE001 - each answer then says itself why it cannot be made
            self._fail(error)
        else:
            self.state = "ready"
        finally:
            self.warmed.set()
            connections.close_all()

    def _fail(self, error: BaseException) -> None:
        self.state, self.failure = "failed", f"{type(error).__name__}: {error}"
        logger.error("the engine did not start: %s", self.failure)

    def _answer(self, engine: Engine, work: _Work) -> None:
        work.done.set_running_or_notify_cancel()
        try:
            engine.answer(answer_id=work.answer_id)
        except Exception as error:  # one answer's failure must not end the thread
            logger.exception("answer %s failed outside its own error handling", work.answer_id)
            work.done.set_exception(error)
        else:
            self.state = "ready"
            work.done.set_result(None)
        finally:
            self._release(work.answer_id)
            connections.close_all()

    def _release(self, answer_id: str) -> None:
        with self._held_lock:
            self._held.discard(answer_id)

    def _give_up_waiting(self) -> None:
        for work in self._queue.rest():
            work.done.cancel()
            self._release(work.answer_id)

    def _beat(self) -> None:
        while not self._ended.wait(self._heartbeat_seconds):
            with self._held_lock:
                held = tuple(self._held)
            try:
                self._alive(self.state)
                for answer_id in held:
                    self._heartbeat(answer_id)
            except Exception:  # a channel that is away for a moment must not end the heartbeat
                logger.exception("no heartbeat for %s answers", len(held))
