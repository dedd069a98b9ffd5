"""The one small port through which long work is started: by name, after the transaction has committed.

Nobody imports `workers`; which runner takes the work is a setting. The row that describes the work (a job, an
answer) is written first and is the truth: a runner that loses a message loses nothing, because rows that wait
are found again. Values of the call are JSON values only.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

Queue = Literal["serve", "train", "upkeep"]
Runner = Callable[[str, str, dict[str, object]], None]


def enqueue(task: str, *, queue: Queue, **values: object) -> None:
    """Start `task` (a dotted name) once what is being written now is durable.

    A broker that is down must not undo an answer to the caller whose row is already written, so its error is
    logged and the row waits; the immediate runner of tests and commands lets errors through.
    """
    mode: str = settings.WORK_MODE
    runner: Runner = import_string(settings.WORK_RUNNERS[mode])
    transaction.on_commit(partial(runner, task, queue, values), robust=mode != "immediate")


def run_now(task: str, _queue: str, values: dict[str, object]) -> None:
    """The "immediate" runner: the named function, in this thread, before the caller goes on."""
    import_string(task)(**values)
