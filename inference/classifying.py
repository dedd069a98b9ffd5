"""A request body of POST /v1/classify, understood: labels given by the caller, one decision between them.

Pure, and read alike in the web process and in the engine. It is a question like any other, whose answer has
one token: a label. What tokens a label has is the engine's to know (`label_wish`).
"""

from dataclasses import replace
from typing import Any

from inference.fields import Fields, clean_text, refuse
from inference.prompts import Message, read_text
from inference.request import LabelWish, Question, model_of, refuse_no_purpose
from inference.wishes import Wishes, read_wishes, refuse_what_private_forbids

READ = frozenset({"model", "input", "labels", "instructions", "length", "abc", "user", "metadata"})
LEAST_LABELS, MOST_LABELS = 2, 64
MOST_LABEL_CHARACTERS = 200
LENGTHS = ("whole", "per_token")
ONE_OF = "Answer with exactly one of these labels, and with nothing else: "


def understand_classification(body: Any, *, default_purpose: str, seats: int) -> Question:
    if not isinstance(body, dict):
        raise refuse("", "The body must be a JSON object.")
    fields = Fields(body)
    fields.refuse_unknown(READ)
    wishes = _wishes(fields, default_purpose)
    labels = LabelWish(_labels(fields), fields.choice("length", "whole", among=LENGTHS) == "per_token")
    question = Question(
        kind="chat",
        model=model_of(fields),
        messages=_messages(fields, labels.texts),
        prompts=(),
        n=1,
        max_tokens=1,  # one decision: its caps and its price are those of one token
        temperature=1.0 if wishes.is_private else 0.0,
        top_p=1.0,
        stop=(),
        stream=False,
        include_usage=False,
        logprobs=None,
        wishes=wishes,
        labels=labels,
    )
    refuse_no_purpose(wishes)
    if wishes.is_private:
        refuse_what_private_forbids(wishes, temperature=1.0, top_p=1.0, logprobs=False, seats=seats)
    return question


def _wishes(fields: Fields, default_purpose: str) -> Wishes:
    wishes = read_wishes(fields.object("abc"), default_purpose=default_purpose, store_by_default=True)
    if fields.object("abc").raw("output") not in {None, "classification"}:
        raise refuse("abc.output", "The output of this address is a classification.",
                     next_step="Leave `abc.output` out.")  # fmt: skip
    if wishes.explain != "sources":
        raise refuse("abc.explain", "A classification is one decision: there are no tokens to explain.",
                     next_step="Leave `abc.explain` out.")  # fmt: skip
    return replace(wishes, output="classification")


def _labels(fields: Fields) -> tuple[str, ...]:
    raw = fields.raw("labels")
    if not isinstance(raw, list) or not LEAST_LABELS <= len(raw) <= MOST_LABELS:
        raise refuse("labels", f"`labels` must be a list of {LEAST_LABELS} to {MOST_LABELS} texts.")
    labels = tuple(clean_text(one, f"labels[{place}]") for place, one in enumerate(raw))
    for place, label in enumerate(labels):
        if not label.strip() or label != label.strip() or len(label) > MOST_LABEL_CHARACTERS:
            raise refuse(
                f"labels[{place}]",
                f"`labels[{place}]` must have 1 to {MOST_LABEL_CHARACTERS} characters, and none of them is a "
                "space at its ends.",
            )
        if label in labels[:place]:
            raise refuse(f"labels[{place}]", "A label stands twice in `labels`.", next_step="Name it once.")
    return labels


def _messages(fields: Fields, labels: tuple[str, ...]) -> tuple[Message, ...]:
    """The text alone is what relevance is measured against; what to do with it stands before it."""
    said = read_text(fields, "instructions", optional=True).strip()
    task = ONE_OF + "; ".join(labels) + "."
    text = read_text(fields, "input")
    return (Message("system", f"{said}\n{task}" if said else task), Message("user", text))
