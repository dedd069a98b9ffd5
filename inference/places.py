"""Where the examples and keywords of policies lie in the encoder's space, kept from answer to answer.

Used by all threads of an engine; a text that two of them ask for at once may be embedded twice. Must not keep
what a caller wrote: questions are embedded and forgotten.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from inference.net.encoder import Encoder
from marketplace.policy.request import Place

MOST_KEPT = 2048


class Places:
    """By the encoder's digest and the text; the least used go first."""

    def __init__(self, *, most: int = MOST_KEPT) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Place] = OrderedDict()

    def of(self, texts: Iterable[str], encoder: Encoder) -> Mapping[str, Place]:
        """The place of every text; only those that are not known yet are computed."""
        wanted = list(dict.fromkeys(texts))
        with self._lock:
            known = {text: place for text in wanted if (place := self._kept.get((encoder.digest, text)))}
        new = [text for text in wanted if text not in known]
        if new:
            vectors = encoder.embed(new)
            known |= {text: tuple(vector.tolist()) for text, vector in zip(new, vectors, strict=True)}
        with self._lock:
            for text in wanted:
                self._keep((encoder.digest, text), known[text])
        return known

    def _keep(self, key: tuple[str, str], place: Place) -> None:
        self._kept[key] = place
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
