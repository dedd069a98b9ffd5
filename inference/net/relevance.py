"""Does this source know something about the question? Judged from its own index alone.

Once per source at training (its threshold, over public probe questions) and once per answer (its
relevance). A source never sees the others: r_s stays the same whoever else votes.
"""

from functools import cache
from pathlib import Path

import numpy as np

from inference.net import constants
from inference.net.encoder import Encoder, Vectors
from inference.net.index import PassageIndex

QUESTIONS = "probe_questions.txt"
PROBES = (QUESTIONS, "probe_names.txt", "probe_beginnings.txt")  # a kind of text each


@cache
def probe_questions(file: str = QUESTIONS) -> tuple[str, ...]:
    """The shipped public questions of one kind, one a line."""
    lines = Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def threshold(*, index: PassageIndex, encoder: Encoder) -> float:
    """theta: the 95th percentile of the mean best cosine over texts that are not about the source, of the
    kind of text for which it is highest. Texts with strange names, or without sense, are near to questions
    with strange names and to no others. Never below what any two texts have in common for this encoder.
    """
    least = constants.threshold_least_for(encoder.name)
    return max(least, *(_percentile(index, encoder.embed(probe_questions(file))) for file in PROBES))


def _percentile(index: PassageIndex, probes: Vectors) -> float:
    """Of the probes (probes, dimensions)."""
    means = index.mean_best(probes, count=constants.RELEVANCE_PASSAGES)  # (probes,)
    return float(np.quantile(means.astype(np.float64), constants.THRESHOLD_QUANTILE))


def relevance(*, index: PassageIndex, question: Vectors, theta: float) -> float:
    """r in [0, 1]: 0 up to the source's own threshold, 1 at a mean cosine of 0.85."""
    mean = float(index.mean_best(question.reshape(1, -1), count=constants.RELEVANCE_PASSAGES)[0])
    top = constants.RELEVANCE_TOP
    if theta >= top:
        return 0.0
    return float(min(1.0, max(0.0, (mean - theta) / (top - theta))))


def votes(score: float) -> bool:
    """Is a relevance enough for a row of its own?"""
    return score >= constants.RELEVANCE_LEAST
