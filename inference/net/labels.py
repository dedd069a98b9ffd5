"""What are the labels of a classification, as token ids, and as a vocabulary of their own?

A label's score is the log probability that a row says exactly this and then ends: the end is what keeps a
label apart from another that begins with it. Pure; who votes with which weight is `compose`'s, as for tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.net.core import Core

MOST_LABEL_TOKENS = 16


class LabelUnusable(ValueError):
    """A label that cannot be scored: `place` is its number, from 0."""

    def __init__(self, place: int, why: str) -> None:
        super().__init__(why)
        self.place = place


@dataclass(frozen=True, slots=True)
class Labels:
    """The vocabulary of one classification."""

    texts: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    ends: tuple[int, ...]  # any of these tokens ends a label
    per_token: bool  # scores are means over a label's tokens and its end, not sums

    @property
    def tokens(self) -> int:
        """Of all labels together."""
        return sum(map(len, self.ids))

    def scaled(self, place: int, log_probability: float) -> float:
        """The score of the label at this place."""
        return log_probability / (len(self.ids[place]) + 1) if self.per_token else log_probability


def labels_of(core: Core, texts: Sequence[str], *, per_token: bool = False) -> Labels:
    """LabelUnusable for one that has no tokens, too many, or those of another label."""
    ids = tuple(tuple(core.encode(text)) for text in texts)
    for place, own in enumerate(ids):
        if not 0 < len(own) <= MOST_LABEL_TOKENS:
            raise LabelUnusable(place, f"has {len(own)} tokens; a label has 1 to {MOST_LABEL_TOKENS}")
        if own in ids[:place]:
            raise LabelUnusable(place, "reads like an earlier label to this model")
    return Labels(tuple(texts), ids, _ends(core), per_token)


def _ends(core: Core) -> tuple[int, ...]:
    """The tokens that end an answer; a core that knows none ends a label with a line break."""
    return tuple(sorted(core.end_ids)) or tuple(core.encode("\n")[:1])


class LabelStream:
    """The text of a classification: one label, then it ends. As `detokenise.TextStream` for tokens."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self.length = 0
        self.stopped = False

    def push(self, place: int) -> str:
        self.stopped = True
        self.length = len(self._labels.texts[place])
        return self._labels.texts[place]

    def finish(self) -> str:
        return ""
