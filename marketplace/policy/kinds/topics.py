"""What a question must be about, or must not: a region of the encoder's space around examples and keywords.

Judged when the answer is planned, by whoever has the encoder (`inference.topics`). What cannot be computed
is no: a text without a place, places of different lengths, a number that is none.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any, Self

from marketplace.policy.clause import Clause
from marketplace.policy.odrl.forms import Forbidden, Limit
from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import NUMBER, TEXT, Parts
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Place, QuestionFacts, Request
from marketplace.policy.words import listed

DISTANCE = 0.75  # of a region that does not say how far it reaches: benchmarks/topics.py
MOST_TEXTS = 32
UNIT_WITHIN = 1e-3
LONGEST_KEYWORD, LONGEST_EXAMPLE = 64, 400


_TOPIC = Term("topic", "LeftOperand", "The region of the encoder's space in which the question lies.")
_REGION = Parts(
    "abc:Region",
    {"keywords": "abc:keyword", "examples": "abc:example", "distance": "abc:distance"},
    {"keywords": TEXT, "examples": TEXT, "distance": NUMBER},
    many=frozenset({"keywords", "examples"}),
)
_REGION_TERMS = (
    Term("Region", "Class", "Everything at most a cosine distance away from the nearest of some texts."),
    Term("keyword", "Property", "A keyword of a region."),
    Term("example", "Property", "An example of a question of a region."),
    Term("distance", "Property", "How far a region reaches, as a cosine distance of more than 0 up to 1."),
)


@dataclass(frozen=True, slots=True)
class Region:
    """Everything whose cosine distance to the nearest example or keyword is at most `distance`."""

    keywords: tuple[str, ...]
    examples: tuple[str, ...]
    distance: float

    @property
    def texts(self) -> tuple[str, ...]:
        return (*self.keywords, *self.examples)

    def distances_of(self, parts: Sequence[Place], places: Mapping[str, Place]) -> list[float] | None:
        """Of each part to the nearest of its texts; None where that cannot be computed."""
        texts = [places.get(text, ()) for text in self.texts]
        dimensions = {len(place) for place in (*parts, *texts)}
        if not parts or len(dimensions) > 1 or not all(_is_unit(place) for place in (*parts, *texts)):
            return None
        return [1 - max(_product(part, text) for text in texts) for part in parts]

    def words_in(self, text: str) -> list[str]:
        """The keywords that stand in a text, as whole words."""
        words = f" {_plain_words(text)} "
        return [keyword for keyword in self.keywords if f" {_plain_words(keyword)} " in words]

    def sentence(self) -> str:
        about = [*self.keywords, *(f"'{example}'" for example in self.examples)]
        return f"{listed(about, 'or')} (cosine distance at most {self.distance:g})"


@dataclass(frozen=True, slots=True)
class Topics(Clause):
    """Both regions may be given: within the first, but not within the second."""

    within: Region | None
    not_within: Region | None

    kind = "topic"
    terms = ("topics",)
    forms = (
        Limit(_TOPIC, {"isPartOf": ("topics", "within")}, _REGION, values=_REGION_TERMS),
        Forbidden(_TOPIC, "isPartOf", ("topics", "not_within"), _REGION),
    )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        child = reader.child("topics", ("within", "not_within"))
        if child is None:
            return cls(None, None)
        clause = cls(_region(child, "within"), _region(child, "not_within"))
        if all(child.values.get(key) is None for key in ("within", "not_within")):
            reader.problem("topics", "Say within or not_within, or leave the topics out.")
        return clause

    @property
    def texts(self) -> tuple[str, ...]:
        """All that needs a place in the encoder's space before a question can be judged."""
        regions = (region for region in (self.within, self.not_within) if region is not None)
        return tuple(text for region in regions for text in region.texts)

    def verify(self, request: Request) -> Allow | Deny:
        if self.within is None and self.not_within is None:
            return YES
        if request.question is None:
            return Allow(later="question")
        reason = self._outside(request.question) or self._inside(request.question)
        return YES if reason is None else self.no(request, reason)

    def _outside(self, question: QuestionFacts) -> str | None:
        """Every part of the question has to lie within: a long question does not smuggle another one in."""
        if self.within is None:
            return None
        farthest = _farthest(self.within, question)
        if farthest is None:
            return "Whether the question is about what the policy allows cannot be computed."
        if farthest > self.within.distance:
            return "The question is not about what the policy allows."
        return None

    def _inside(self, question: QuestionFacts) -> str | None:
        """Nothing that was said may lie within, and no keyword may stand in it."""
        if self.not_within is None:
            return None
        nearest = _nearest(self.not_within, question)
        if nearest is None:
            return "Whether the question is about what the policy excludes cannot be computed."
        if nearest <= self.not_within.distance or self.not_within.words_in(question.text):
            return "The question is about what the policy excludes."
        return None

    def values(self, request: Request) -> Mapping[str, Any]:
        question = request.question
        found: dict[str, Any] = {}
        if self.within is not None:
            found["within"] = _measured(self.within, _farthest(self.within, question))
        if self.not_within is not None:
            found["not_within"] = _measured(self.not_within, _nearest(self.not_within, question))
            found["not_within"]["words"] = self.not_within.words_in(question.text) if question else []
        return found

    def sentences(self) -> Iterator[str]:
        if self.within is not None:
            yield f"Only for questions about {self.within.sentence()}."
        if self.not_within is not None:
            yield f"Never for questions about {self.not_within.sentence()}, nor where these words are said."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        if self.within is None or self.not_within is None:
            return
        for text in self.within.texts:
            if text in self.not_within.texts:
                yield Problem("$.topics", f"'{text}' is both inside and outside of what is allowed.")


def _region(reader: Reader, key: str) -> Region | None:
    child = reader.child(key, ("keywords", "examples", "distance"))
    if child is None:
        return None
    keywords = child.lines("keywords", most=MOST_TEXTS, longest=LONGEST_KEYWORD)
    examples = child.lines("examples", most=MOST_TEXTS, longest=LONGEST_EXAMPLE)
    distance = child.number("distance", low=0, high=1, open_low=True)
    if not any(child.values.get(name) for name in ("keywords", "examples")):
        child.problem("examples", "A topic needs at least one example or keyword.")
    for keyword in keywords:
        if not _plain_words(keyword):
            child.problem("keywords", f"The keyword '{keyword}' has neither a letter nor a digit.")
    return Region(keywords, examples, DISTANCE if distance is None else distance)


def _farthest(region: Region, question: QuestionFacts | None) -> float | None:
    """Of what was asked."""
    if question is None:
        return None
    distances = region.distances_of(question.asked, question.places)
    return None if distances is None else max(distances)


def _nearest(region: Region, question: QuestionFacts | None) -> float | None:
    """Of all that was said."""
    if question is None:
        return None
    distances = region.distances_of(question.said, question.places)
    return None if distances is None else min(distances)


def _measured(region: Region, distance: float | None) -> dict[str, Any]:
    return {"distance": None if distance is None else round(distance, 4), "most": region.distance}


def _is_unit(place: Place) -> bool:
    """Encoders give unit vectors; what is none is no place, not a number among others."""
    return abs(_product(place, place) - 1) < UNIT_WITHIN


def _product(left: Place, right: Place) -> float:
    product: float = sum(map(mul, left, right))
    return product


def _plain_words(text: str) -> str:
    """Letters and digits in one case, one blank between words."""
    return " ".join("".join(one if one.isalnum() else " " for one in text.casefold()).split())
