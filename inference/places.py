"""Where the examples and keywords of policies lie in the encoder's space, kept from answer to answer.

Used by the engine's one thread. Must not keep what a caller wrote: questions are embedded and forgotten.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from inference.net.encoder import Encoder
from marketplace.policy.request import Place

MOST_KEPT = 2048


class Places:
    """By the encoder's digest and the text; the least used go first."""

    def __init__(self, *, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Place] = OrderedDict()

    def of(self, texts: Iterable[str], encoder: Encoder) -> Mapping[str, Place]:
        """The place of every text; only those that are not known yet are computed."""
        wanted = list(dict.fromkeys(texts))
        known = {
            text: self._kept[encoder.digest, text] for text in wanted if (encoder.digest, text) in self._kept
        }
        new = [text for text in wanted if text not in known]
        if new:
            vectors = encoder.embed(new)
            known |= {text: tuple(vector.tolist()) for text, vector in zip(new, vectors, strict=True)}
        for text in wanted:
            self._keep((encoder.digest, text), known[text])
        return known

    def _keep(self, key: tuple[str, str], place: Place) -> None:
        self._kept[key] = place
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
