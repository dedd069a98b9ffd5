"""The rows of all answers in the making, in one forward pass a token: continuous batching.

Composing. One thread runs the passes; answers live in threads of their own and wait for their logits. Rows
join and leave between passes; of those that join, one prompt is read between two passes, so that running
answers wait for at most one. A pass that fails is tried again answer by answer: a failure ends the answer
whose rows it was in. Replay does not come here: it has a batch of its own, of fixed shape
(`decoder.Ballots`), with which rows here agree up to the rounding of floats.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import torch
from torch import Tensor

from inference.net.ballots import BallotBox, Row, check_kept, check_rows
from inference.net.core import Core
from inference.net.prefixes import Layers, Prefixes
from inference.net.row_store import RowStore
from inference.net.slots import AdapterSlots

PREFIX_BYTES = 512 * 2**20
PATIENCE = 0.5  # of the last pass's time: so long a pass waits for answers that are about to ask
MOST_IN_VAIN, ONCE_IN = 3, 16  # where nobody came so often, it is only tried so rarely


class BatchClosed(RuntimeError):
    """The batch has ended; nothing is read any more."""


@dataclass(eq=False, slots=True)
class _Answer:
    """The rows of one answer, in its own order."""

    rows: list[Row]
    expected_tokens: int
    unread: int = 0  # the first row whose prompt was not read yet
    places: list[int] = field(default_factory=list)
    first: list[Tensor] = field(default_factory=list)  # logits after each prompt, (1, V)
    token_id: int = -1
    future: "Future[Tensor] | None" = None
    asked_at: float = 0.0


class Batch:
    """`open_ballots` may be called from any thread, and each box used by one."""

    def __init__(
        self, core: Core, *, prefix_bytes: int = PREFIX_BYTES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._core = core
        self._clock = clock
        self._slots = AdapterSlots(core)
        self._store = RowStore()
        self._prefixes = Prefixes(most_bytes=prefix_bytes)
        self._owner: list[tuple[_Answer, int]] = []  # by place: whose row, and which of its rows
        self._reading: deque[_Answer] = deque()  # whose prompts are not read yet
        self._stepping: list[_Answer] = []  # that wait for their next logits
        self._running: set[_Answer] = set()  # whose prompts are read
        self._waiting: set[_Answer] = set()  # all that wait, until they are told
        self._leaving: deque[tuple[_Answer, Sequence[int]]] = deque()  # rows to drop before the next pass
        self._pass_seconds = 0.0
        self._vain = 0  # how often in a row nobody came while a pass waited
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="forward", daemon=True)
        self._thread.start()

    def open_ballots(self, rows: Sequence[Row], expected_tokens: int) -> BallotBox:
        """Rows of one answer: the port of `inference.net.ballots`."""
        check_rows(rows)
        return _Box(self, _Answer(list(rows), expected_tokens))

    def close(self) -> None:
        """Whoever waits is told BatchClosed."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        self._thread.join()

    @property
    def rows(self) -> int:
        """Rows that are held now."""
        return len(self._store)

    @property
    def prefix_bytes(self) -> int:
        """Memory of what is kept of prompts."""
        return self._prefixes.bytes

    def _submit(self, answer: _Answer, *, reads: bool) -> Tensor:
        future: Future[Tensor] = Future()
        with self._wake:
            if self._closed:
                raise BatchClosed
            answer.future, answer.asked_at = future, self._clock()
            self._waiting.add(answer)
            if reads:
                self._reading.append(answer)
            else:
                self._stepping.append(answer)
            self._wake.notify_all()
        return future.result()

    def _drop(self, answer: _Answer, rows: Sequence[int]) -> None:
        with self._wake:
            self._leaving.append((answer, rows))
            self._wake.notify_all()

    def _run(self) -> None:
        """However the thread ends, nobody waits for it any more."""
        try:
            with torch.inference_mode():
                while self._turn():
                    pass
        finally:
            with self._wake:
                self._closed = True
                left, self._waiting = self._waiting, set()
            for answer in left:
                self._fail(answer, BatchClosed())

    def _turn(self) -> bool:
        """Rows leave, one token for all that wait, one prompt of those that join; False at the end."""
        with self._wake:
            self._wake.wait_for(self._has_work)
            if self._closed:
                return False
            leaving, self._leaving = self._leaving, deque()
            together = self._gathered()
            reading = self._reading.popleft() if self._reading else None
        for answer, rows in leaving:
            self._remove(answer, rows)
        if together:
            self._step(together)
        if reading is not None:
            self._read_one(reading)
        return True

    def _has_work(self) -> bool:
        return self._closed or bool(self._leaving or self._reading or self._stepping)

    def _gathered(self) -> list[_Answer]:
        """All that wait; a moment longer where others are about to ask, so that they go together."""
        if not self._stepping or self._reading or len(self._stepping) >= len(self._running):
            return self._taken()
        self._vain += 1
        if self._vain > MOST_IN_VAIN and self._vain % ONCE_IN:
            return self._taken()
        before = len(self._stepping)
        until = min(one.asked_at for one in self._stepping) + PATIENCE * self._pass_seconds
        while len(self._stepping) < len(self._running) and not (self._closed or self._reading):
            left = until - self._clock()
            if left <= 0 or not self._wake.wait(left):
                break
        if len(self._stepping) > before:
            self._vain = 0
        return self._taken()

    def _taken(self) -> list[_Answer]:
        taken, self._stepping = self._stepping, []
        return taken

    def _step(self, answers: Sequence[_Answer]) -> None:
        started = self._clock()
        try:
            logits = self._pass(answers)
        except Exception as error:  # noqa: BLE001 - whose rows it was in is found out one by one
            if len(answers) == 1:
                self._fail(answers[0], error)
                return
            for one in answers:
                self._step([one])
            return
        self._pass_seconds = self._clock() - started
        for answer, own in zip(answers, logits, strict=True):
            self._give(answer, own)

    def _pass(self, answers: Sequence[_Answer]) -> list[Tensor]:
        """One token more for every row of these answers; logits (rows, V) of each answer."""
        wanted = [(place, answer.token_id) for answer in answers for place in answer.places]
        order = sorted(range(len(wanted)), key=lambda index: wanted[index][0])  # a prefix needs no gathering
        places = [wanted[index][0] for index in order]
        mask, positions = self._store.open_pass(places)
        try:
            self._slots.route([self._row_at(place).adapter for place in places])
            ids = torch.tensor([[wanted[index][1]] for index in order], device=self._core.device)
            hidden = self._slots.tree.base_model(
                input_ids=ids,
                position_ids=positions,
                attention_mask=mask,
                past_key_values=self._store,
                use_cache=True,
            ).last_hidden_state  # (rows, 1, width)
            logits = self._logits(hidden)  # (rows, V)
        except Exception:
            self._store.give_up_pass(places)
            raise
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        counts = [len(answer.places) for answer in answers]
        return list(torch.split(logits[back.to(logits.device)], counts))

    def _read_one(self, answer: _Answer) -> None:
        """One prompt of it; the rest waits until the running answers had their next pass."""
        try:
            place, logits = self._enter(answer.rows[answer.unread], answer.expected_tokens)
        except Exception as error:  # noqa: BLE001 - the answer that asked is told
            self._fail(answer, error)
            return
        self._owner.append((answer, answer.unread))
        answer.places.append(place)
        answer.first.append(logits)
        answer.unread += 1
        if answer.unread < len(answer.rows):
            with self._wake:
                self._reading.appendleft(answer)
            return
        with self._wake:
            self._running.add(answer)
        first, answer.first = torch.cat(answer.first), []  # (rows, V)
        self._give(answer, first)

    def _enter(self, row: Row, expected_tokens: int) -> tuple[int, Tensor]:
        """The place of a row whose prompt was read, and its logits (1, V)."""
        if row.adapter is not None:
            self._slots.take(row.adapter)
        try:
            logits, layers = self._read(row)
            return self._store.add(layers, expected_tokens=expected_tokens), logits
        except Exception:
            if row.adapter is not None:
                self._slots.give_back(row.adapter)
            raise

    def _read(self, row: Row) -> tuple[Tensor, Layers]:
        """A row's prompt, from where it is not known yet."""
        from transformers import DynamicCache

        shared = list(row.prompt_ids[: min(row.shared_tokens, len(row.prompt_ids) - 1)])
        known, before = self._prefixes.longest(row.adapter, shared)
        self._slots.route([row.adapter])
        cache = DynamicCache(config=self._slots.tree.config)
        for index, (key, value) in enumerate(before):
            cache.update(key, value, index)
        ids = torch.tensor([list(row.prompt_ids[known:])], device=self._core.device)  # (1, tokens)
        hidden = self._slots.tree.base_model(
            input_ids=ids, past_key_values=cache, use_cache=True
        ).last_hidden_state  # (1, tokens, width)
        layers = tuple((layer.keys, layer.values) for layer in cache.layers)
        self._prefixes.remember(row.adapter, shared, layers)
        return self._logits(hidden[:, -1:]), layers

    def _logits(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self._slots.tree.get_output_embeddings()(hidden[:, -1])  # (rows, V)
        return logits.float()

    def _row_at(self, place: int) -> Row:
        answer, index = self._owner[place]
        return answer.rows[index]

    def _remove(self, answer: _Answer, rows: Sequence[int]) -> None:
        """Drop these of its rows; an answer without rows is gone."""
        for index in sorted(rows, reverse=True):
            if index >= len(answer.places):
                continue
            place = answer.places[index]
            adapter = answer.rows[index].adapter
            if adapter is not None:
                self._slots.give_back(adapter)
            last = self._store.remove(place)
            moved, its = self._owner[last]
            moved.places[its] = place
            self._owner[place] = (moved, its)
            self._owner.pop()
            del answer.places[index], answer.rows[index]
            for later, own in enumerate(answer.places):
                self._owner[own] = (answer, later)
        if not answer.places:
            with self._wake:
                self._running.discard(answer)
                if answer in self._reading:
                    self._reading.remove(answer)

    def _give(self, answer: _Answer, logits: Tensor) -> None:
        future = self._told(answer)
        if future is not None:
            future.set_result(logits)

    def _fail(self, answer: _Answer, error: Exception) -> None:
        future = self._told(answer)
        if future is not None:
            future.set_exception(error)

    def _told(self, answer: _Answer) -> "Future[Tensor] | None":
        with self._wake:
            self._waiting.discard(answer)
            future, answer.future = answer.future, None
        return future


class _Box:
    """A `BallotBox` whose rows are in the shared batch."""

    def __init__(self, batch: Batch, answer: _Answer) -> None:
        self._batch = batch
        self._answer = answer
        self._rows = len(answer.rows)
        self._open = True

    def prefill(self) -> Tensor:
        return self._batch._submit(self._answer, reads=True)

    def step(self, token_id: int) -> Tensor:
        self._answer.token_id = token_id
        return self._batch._submit(self._answer, reads=False)

    def keep(self, rows: Sequence[int]) -> None:
        check_kept(rows)
        gone = [row for row in range(self._rows) if row not in set(rows)]
        self._rows = len(rows)
        if gone:
            self._batch._drop(self._answer, gone)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._batch._drop(self._answer, range(self._rows))
