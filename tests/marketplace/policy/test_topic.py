"""What a question must be about, or must not: a region around texts; what cannot be computed is no."""

from math import cos, nan, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.policy.request import QuestionFacts
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, problems, rule


def at(degrees: float) -> tuple[float, ...]:
    """A unit vector in the plane; the distance of two is one minus the cosine of their angle."""
    return (cos(degrees * pi / 180), sin(degrees * pi / 180))


WHALES, SHIPS = at(0), at(90)
PLACES = {"whales": WHALES, "How deep do they dive?": at(20), "ships": SHIPS}


def question(*degrees, said=None, text="a question", known=PLACES):
    asked = tuple(at(one) for one in degrees)
    return QuestionFacts(text=text, asked=asked, said=asked if said is None else said, places=known)


def within(*keywords, examples=(), distance=0.5):
    return {"keywords": list(keywords), "examples": list(examples), "distance": distance}


@pytest.mark.parametrize(
    ("topics", "asked", "expected"),
    [
        (None, question(90), None),
        ({"within": within("whales")}, None, None),
        ({"within": within("whales")}, question(0), None),
        ({"within": within("whales")}, question(59), None),
        ({"within": within("whales")}, question(61), "topic"),
        ({"within": within("whales", distance=0.01)}, question(20), "topic"),
        ({"within": within("whales", examples=["How deep do they dive?"])}, question(75), None),
        ({"within": within("whales", "ships")}, question(90), None),
        ({"within": within("whales")}, question(0, 90), "topic"),
        ({"within": within("whales")}, question(90, text="whales, whales, whales"), "topic"),
        ({"not_within": within("whales")}, question(61), None),
        ({"not_within": within("whales")}, question(59), "topic"),
        ({"not_within": within("whales")}, question(90, said=(at(90), at(10))), "topic"),
        ({"not_within": within("whales")}, question(90, text="Of WHALES; and men"), "topic"),
        ({"not_within": within("whales")}, question(90, text="narwhales"), None),
        ({"within": within("whales"), "not_within": within("ships")}, question(20), None),
        ({"within": within("whales", "ships"), "not_within": within("ships")}, "unreadable", None),
        ({"within": within("whales", distance=1), "not_within": within("ships")}, question(80), "topic"),
    ],
)
def test_the_question_lies_within_or_not(topics, asked, expected):
    if asked == "unreadable":
        assert places(topics=topics) == ["$.topics"]
    else:
        assert rule(policy(topics=topics).verify(ask(question=asked))) == expected


@pytest.mark.parametrize("side", ["within", "not_within"])
@pytest.mark.parametrize(
    "facts",
    [
        question(0, known={}),
        question(0, known={"ships": SHIPS}),
        question(0, known={"whales": (1.0,)}),
        question(0, known={"whales": (0.0, 0.0)}),
        question(0, known={"whales": (nan, 1.0)}),
        question(0, known={"whales": ()}),
        QuestionFacts(text="x", asked=(), said=(), places=PLACES),
        QuestionFacts(text="x", asked=(at(0), (nan, nan)), said=(at(90), (nan, nan)), places=PLACES),
    ],
)
def test_what_cannot_be_computed_is_no(side, facts):
    answer = denied(policy(topics={side: within("whales")}).verify(ask(question=facts)))
    assert answer.rule == "topic"
    assert "cannot be computed" in answer.reason


@pytest.mark.parametrize(
    ("topics", "path"),
    [
        ({}, "$.topics"),
        ({"within": None}, "$.topics"),
        ([], "$.topics"),
        ({"about": within("whales")}, "$.topics.about"),
        ({"within": {}}, "$.topics.within.examples"),
        ({"within": {"keywords": []}}, "$.topics.within.examples"),
        ({"within": {"keywords": "whales"}}, "$.topics.within.keywords"),
        ({"within": {"keywords": ["whales", "whales"]}}, "$.topics.within.keywords"),
        ({"within": {"keywords": ["!?"]}}, "$.topics.within.keywords"),
        ({"within": {"keywords": ["w" * 65]}}, "$.topics.within.keywords"),
        ({"within": {"keywords": [f"w{one}" for one in range(33)]}}, "$.topics.within.keywords"),
        ({"within": {"examples": ["two\nlines"]}}, "$.topics.within.examples"),
        ({"within": within("whales", distance=0)}, "$.topics.within.distance"),
        ({"within": within("whales", distance=1.01)}, "$.topics.within.distance"),
        ({"within": within("whales", distance="near")}, "$.topics.within.distance"),
        ({"not_within": {"words": ["x"]}}, "$.topics.not_within.words"),
    ],
)
def test_a_topic_that_cannot_be_read_is_refused_at_its_place(topics, path):
    assert path in places(topics=topics)


def test_the_same_text_inside_and_outside_is_a_contradiction():
    found = problems(topics={"within": within("whales"), "not_within": within("whales")})
    assert found == [("$.topics", "'whales' is both inside and outside of what is allowed.")]


def test_it_is_said_explained_and_asked_again_when_the_question_is_known():
    taken = policy(topics={"within": within("whales", examples=["How deep do they dive?"])})
    words = "Only for questions about whales or 'How deep do they dive?' (cosine distance at most 0.5)."
    assert words in sentences(taken)
    (step,) = [one for one in taken.explain(ask()) if one.kind == "topic"]
    assert step.outcome == "later"
    answer = denied(taken.verify(ask(question=question(90))))
    assert answer.reason == "The question is not about what the policy allows."
    assert answer.values == {"within": {"distance": 0.658, "most": 0.5}}


@given(angle=st.floats(0, 180), distance=st.floats(0.01, 1), other=st.floats(0, 180))
def test_one_region_allows_exactly_what_the_same_region_excludes(angle, distance, other):
    known = {"whales": at(other)}
    facts = question(angle, known=known, text="none of the words")
    inside = rule(policy(topics={"within": within("whales", distance=distance)}).verify(ask(question=facts)))
    outside = rule(
        policy(topics={"not_within": within("whales", distance=distance)}).verify(ask(question=facts))
    )
    assert (inside is None) != (outside is None)
