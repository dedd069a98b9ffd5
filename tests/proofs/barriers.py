"""The synchronous barrier as the proofs see it: the engine's wait before the first token, and its removal."""

from importlib import import_module
from importlib.util import find_spec
from uuid import UUID

from django.db import connection

PRESENT = find_spec("accounting.barrier") is not None


def lost_in_a_crash(error: Exception) -> bool:
    """The server lost it before anybody was told: the same call may be made again."""
    return type(error).__name__ == "LostInACrashError"


def hold_is_durable(hold_id: UUID) -> None:
    """What the engine waits for before a token leaves."""
    if PRESENT:
        import_module("accounting.barrier").hold_is_durable(hold_id)


def remove() -> None:
    """Commits no longer reach the disk before a call returns: the product without its barrier."""
    if PRESENT:
        import_module("accounting.barrier")._wait = lambda *_: None
    else:
        connection.settings_dict["OPTIONS"] = {"options": "-c synchronous_commit=off"}
