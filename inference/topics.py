"""Is the question about what a source's policy allows? Asked once the question has a place: step 5 (plan).

The engine's encoder gives the places of the question and of the texts that policies name; the policy judges.
A prompt that is too long to be looked at whole has no place, and no place is no. It must not look at what a
source holds: the verdict follows from the question and the policy, in private answers too.
"""

from collections.abc import Sequence
from textwrap import wrap

from accounting.errors import Forbidden
from inference.bench import Bench
from inference.plan import Considered, Excluded
from inference.request import Question
from inference.routing import Routed
from marketplace.policy.kinds.topics import Topics
from marketplace.policy.request import Deny, QuestionFacts

PART_CHARACTERS = 500  # an encoder reads only the beginning of a text: well within that, in any language
MOST_PARTS = 64  # of a prompt: a longer one is not looked at, which is no


def on_topic(*, routed: Routed, question: Question, bench: Bench) -> Routed:
    """Without the sources whose policy does not take this question; a private answer is refused instead."""
    careful = [one for one in routed.considered if _texts(one)]
    if not careful:
        return routed
    facts = facts_of(question, [text for one in careful for text in _texts(one)], bench)
    out = {one.slug: why for one in careful if (why := _denied(one, facts)) is not None}
    if question.wishes.is_private and out:
        slug = min(out)
        raise Forbidden(
            f"The source '{slug}' does not take this question: {out[slug].reason}",
            next_step="Leave it out of `abc.only`, or ask about something else.",
            rule=out[slug].rule,
            source=slug,
        )
    return routed.without([Excluded(slug, why.rule, why.reason) for slug, why in out.items()])


def facts_of(question: Question, texts: Sequence[str], bench: Bench) -> QuestionFacts:
    """The question as policies may judge it, beside the places of the texts that they name."""
    whole = (
        question.prompt
        if question.kind == "completion"
        else "\n".join(message.content for message in question.messages)
    )
    asked, said = wrap(question.text, PART_CHARACTERS), wrap(whole, PART_CHARACTERS)
    if len(said) > MOST_PARTS:
        asked, said = [], []
    places = [tuple(vector.tolist()) for vector in bench.encoder.embed([*asked, *said])]
    return QuestionFacts(
        text=whole,
        asked=tuple(places[: len(asked)]),
        said=tuple(places[len(asked) :]),
        places=bench.places.of(texts, bench.encoder),
    )


def _texts(one: Considered) -> tuple[str, ...]:
    return one.admitted.policy.clause(Topics).texts


def _denied(one: Considered, facts: QuestionFacts) -> Deny | None:
    answer = one.admitted.asked_again(question=facts)
    return answer if isinstance(answer, Deny) else None
