"""Takes the holds that wait at the same moment to the server together, and the ends of answers likewise.

An end is on disk when this returns; a hold is not yet (accounting/barrier.py). It decides nothing: the server
function says how each of them went, and `server` what that means.
"""

from collections.abc import Sequence

from django.db import DatabaseError

from accounting.movers import server
from accounting.movers.moves import Ended, EndHold, HoldPlaced, PlaceHold, Placing
from accounting.together import Together
from accounting.writes import one_statement, retried


def place(move: PlaceHold) -> HoldPlaced | None:
    """Who sits; None when the id was on record before. Raises what refuses."""
    return server.told(move, _placing.ask(move))


def settle(move: EndHold) -> Ended:
    return _ending.ask(move)


def _place(moves: Sequence[PlaceHold]) -> list[Placing]:
    try:
        return _place_at_once(moves)
    except DatabaseError as error:
        if server.is_repeated(error):  # by now the faster call is on record, and the repetition is seen
            return _place_at_once(moves)
        raise


@retried
def _place_at_once(moves: Sequence[PlaceHold]) -> list[Placing]:
    with one_statement():
        return server.place_all(moves)


@retried
def _settle(moves: Sequence[EndHold]) -> list[Ended]:
    with one_statement():
        return server.settle_durably(moves)


_placing: Together[PlaceHold, Placing] = Together(_place, key=lambda move: move.hold_id)
_ending: Together[EndHold, Ended] = Together(_settle, key=lambda move: move.hold_id)
