"""On which tokens is a source silent, so that its own ballot never completes twelve words of its passages?

Composing, before the vote, for sources that do not allow quoting. A token is silenced if after it the text
would end in twelve words of the passages, or in eleven and the beginning of the twelfth: broken words would
give it away too. Depends on the drawn text and the source's own passages alone, never on a ballot. What
silence means in the vote is in `silence`; others may still say the word.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inference.net.constants import GUARDED_WORDS, WORD_LETTERS_MOST
from inference.net.core import Core
from inference.net.grams import Continuation, Grams, TooManyPlaces
from inference.net.silence import EVERYTHING, Silence
from inference.net.token_words import Spelling, spelling_of
from inference.net.wording import Tail, canonical


def grams_lead(spelling: Spelling) -> int:
    """Complete words that must have matched before a token that completes an n-gram."""
    return max(1, GUARDED_WORDS - spelling.words_most)


class Script:
    """The text of an answer as it is being drawn, the question before it included."""

    def __init__(self, spelling: Spelling, *, lead: str = "") -> None:
        self.spelling = spelling
        self.tail = Tail()
        self.tail.write(lead)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def pending(self) -> bytes:
        """Bytes of a character that is not complete."""
        return self._decoder.getstate()[0]

    def write(self, token: int) -> None:
        """A token was drawn."""
        self.tail.write(self._decoder.decode(self.spelling.spelled[token]))


class Guard:
    """Watches one answer for all its seats; does nothing where no seat needs it."""

    def __init__(self, script: Script | None, grams: Sequence[Grams | None]) -> None:
        self._script = script
        self._grams = tuple(grams)

    @classmethod
    def of(cls, core: Core, grams: Sequence[Grams | None], *, lead: str) -> "Guard":
        """`grams` by seat: None for a seat that may quote."""
        needed = any(one is not None for one in grams)
        return cls(Script(spelling_of(core), lead=lead) if needed else None, grams)

    def silences(self, seats: Sequence[int]) -> tuple[Silence, ...]:
        """Of these seats, for the next token; empty if none is silent on any."""
        script = self._script
        if script is None:
            return ()
        grams = (self._grams[seat] for seat in seats)
        found = tuple(() if one is None else silent_tokens(script, one) for one in grams)
        return found if any(found) else ()

    def drawn(self, token: int) -> None:
        """A token was drawn."""
        if self._script is not None:
            self._script.write(token)


def silent_tokens(script: Script, grams: Grams) -> Silence:
    """The tokens on which this source says nothing now."""
    try:
        found = set(_tokens(script, grams))
    except TooManyPlaces:
        return EVERYTHING
    return tuple(sorted(found))


def _tokens(script: Script, grams: Grams) -> Iterator[int]:
    glued, broken = _read_on(script.tail, grams), _read_on(_broken(script.tail), grams)
    if len(script.tail.open) == WORD_LETTERS_MOST:  # whatever follows is another word
        glued = broken
    if script.pending:  # what a character that is not completed reads as breaks the word
        yield from _completing_a_character(script, glued, broken)
        glued = broken
    spelling = script.spelling
    for way in glued.ways:
        yield from _spelling_on(spelling, way, glued.tail.open)
    for way in broken.ways:
        yield from _spelling_into(spelling, " " + " ".join(way), way[-1])
    yield from _in_a_long_run(spelling, glued)
    yield from (token for letters, token in spelling.long_runs if _completes(broken, letters))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text so far, and the ways on from its closed words."""

    tail: Tail
    ways: Sequence[Continuation]


def _read_on(tail: Tail, grams: Grams) -> _Reading:
    return _Reading(tail, grams.continuations(tuple(tail.closed)))


def _broken(tail: Tail) -> Tail:
    after = tail.copy()
    after.take(" ")
    return after


def _spelling_on(spelling: Spelling, way: Continuation, open_word: str) -> Iterator[int]:
    """Tokens without a break before them: they go on in the open word, or begin one."""
    if way[0].startswith(open_word):
        yield from _spelling_into(spelling, " ".join(way)[len(open_word) :], way[-1])


def _spelling_into(spelling: Spelling, text: str, last: str) -> Iterator[int]:
    """Tokens that reach into the last word of the text, complete it, or go beyond it."""
    target = max(0, len(text) - len(last))
    for end in range(target + 1, len(text) + 1):
        yield from spelling.exactly(text[:end])
    if text:
        yield from spelling.beyond(text)


def _in_a_long_run(spelling: Spelling, reading: _Reading) -> Iterator[int]:
    """Where a token makes a run so long that it is cut: each such token is tried."""
    tail = reading.tail
    least = WORD_LETTERS_MOST + 1 - len(tail.open)
    size = len(tail.open)
    for letter in {way[0][size : size + 1] for way in reading.ways if way[0].startswith(tail.open)} - {""}:
        for letters, token in spelling.gluing(letter, least=least):
            if _completes(reading, letters):
                yield token


def _completing_a_character(script: Script, glued: _Reading, broken: _Reading) -> Iterator[int]:
    for token in script.spelling.pieces:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        letters = canonical(decoder.decode(script.pending + script.spelling.spelled[token]))
        if letters.strip(" ") and _completes(broken if letters[0] == " " else glued, letters):
            yield token


def _completes(reading: _Reading, letters: str) -> bool:
    """Would the text then end in a way's last word, or its beginning, or go beyond it?"""
    after = Tail()
    after.open = reading.tail.open
    after.take(letters)
    written = (*after.closed, *([after.open] if after.open else []))
    return any(_reaches(written, len(after.closed), way) for way in reading.ways)


def _reaches(written: tuple[str, ...], closed: int, way: Continuation) -> bool:
    size = len(way)
    if len(written) < size or written[: size - 1] != way[:-1]:
        return False
    return written[size - 1] == way[-1] if closed >= size else way[-1].startswith(written[size - 1])
