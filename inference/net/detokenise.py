"""Which text may leave now? Tokens come one by one; characters and stop strings may span several of them.

Composing, behind the token loop. Text is held back while its last character is incomplete or while its
end could still become a stop string; nothing that was handed out is ever taken back. Knows no votes.
"""

from collections.abc import Callable, Sequence

REPLACEMENT = "�"  # what an incomplete character decodes to
WINDOW_MOST = 24
WINDOW_KEPT = 8


class TextStream:
    """Turns tokens into text deltas; `stopped`: a stop string was met (it is not part of the text)."""

    def __init__(self, decode: Callable[[Sequence[int]], str], *, stop: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stop = tuple(text for text in stop if text)
        self._window: list[int] = []
        self._seen = 0  # characters of the window that were taken over
        self._held = ""  # could still become a stop string
        self._released = 0
        self.stopped = False

    @property
    def length(self) -> int:
        """Characters of the text so far, those that are still held back included."""
        return self._released + len(self._held)

    def push(self, token_id: int) -> str:
        """Take one token; the text that may leave."""
        if self.stopped:
            return ""
        self._window.append(token_id)
        text = self._decode(self._window)
        whole = text.removesuffix(REPLACEMENT)
        fresh, self._seen = whole[self._seen :], len(whole)
        if len(self._window) > WINDOW_MOST and whole == text:
            self._window = self._window[-WINDOW_KEPT:]
            self._seen = len(self._decode(self._window))
        return self._release(fresh)

    def finish(self) -> str:
        """No token follows: the rest, an incomplete character as its replacement sign."""
        if self.stopped:
            return ""
        rest = self._release(self._decode(self._window)[self._seen :])
        held, self._held, self._window, self._seen = self._held, "", [], 0
        return rest if self.stopped else rest + held

    def _release(self, fresh: str) -> str:
        text = self._held + fresh
        places = [place for place in (text.find(stop) for stop in self._stop) if place >= 0]
        if places:
            self.stopped, self._held = True, ""
            return self._let_go(text[: min(places)])
        keep = self._possible_beginning(text)
        self._held = text[len(text) - keep :]
        return self._let_go(text[: len(text) - keep])

    def _let_go(self, text: str) -> str:
        self._released += len(text)
        return text

    def _possible_beginning(self, text: str) -> int:
        """Length of the longest end of the text with which some stop string begins."""
        longest = max((len(stop) for stop in self._stop), default=1) - 1
        for size in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-size:]) for stop in self._stop):
                return size
        return 0
