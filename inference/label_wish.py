"""The labels of a classification as the core reads them, or a refusal that names the one it cannot read.

The engine's half of `classifying`; and what a caller is told of the decision beside the label itself.
"""

import math
from collections.abc import Mapping
from typing import Any

from inference.fields import refuse
from inference.net.core import Core
from inference.net.generation import Step
from inference.net.labels import Labels, LabelUnusable, labels_of
from inference.request import Question

DIGITS = 6  # of a probability; a law is told no finer


def labels_for(question: Question, core: Core) -> Labels | None:
    """None where nothing is classified."""
    wish = question.labels
    if wish is None:
        return None
    try:
        return labels_of(core, wish.texts, per_token=wish.per_token)
    except LabelUnusable as error:
        path = f"labels[{error.place}]"
        raise refuse(path, f"`{path}` {error}.", next_step="Use another, shorter label.") from error


def decision_of(step: Step, labels: Labels) -> dict[str, Any]:
    """The law over the labels and what each row said, by label. Null in private answers: a law that is shown
    is more than the one draw that was accounted for."""
    if not step.laws:
        return {"label": step.text_delta, "probabilities": None, "votes": None}
    whole = {place: math.exp(log_p) for place, log_p in step.likeliest}
    laws = dict(step.laws)
    return {
        "label": step.text_delta,
        "probabilities": _by_label(labels, [whole[place] for place in range(len(labels.texts))]),
        "votes": {
            "core": _by_label(labels, laws.pop(None)),
            "sources": [
                {"source": slug, "probabilities": _by_label(labels, law)} for slug, law in laws.items()
            ],
        },
    }


def _by_label(labels: Labels, law: Any) -> Mapping[str, float]:
    return {text: round(p, DIGITS) for text, p in zip(labels.texts, law, strict=True)}
