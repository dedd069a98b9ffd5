"""What an engine lends to one answer: its models, its partitions, the channel and the clock.

Built once per process by `engine`, handed to every step as a value; tests build their own.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inference.channel import AnswerChannel
from inference.net.ballots import OpenBallots
from inference.net.core import Core
from inference.net.encoder import Encoder
from inference.net.tolerance import FLOAT32, Tolerance
from inference.places import Places
from inference.shelf import Shelf
from inference.shortlist import Shortlist


@dataclass(frozen=True, slots=True)
class Bench:
    core: Core
    encoder: Encoder
    shelf: Shelf
    channel: AnswerChannel
    now: Callable[[], datetime]
    places: Places = field(default_factory=Places)
    shortlist: Shortlist = field(default_factory=Shortlist)
    planning: AbstractContextManager[Any] = field(default_factory=threading.RLock)  # one answer at a time
    ballots: OpenBallots | None = None  # where answers open their rows; None: each in a batch of its own
    replay_tolerance: Tolerance = FLOAT32  # of the core; stands on every open receipt
