"""What each row reads: the question for the core, the question with its own passages for every seat.

A row that would grow too long gets fewer passages; a question that is too long by itself is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from accounting.errors import Invalid
from inference.materials import Materials
from inference.net.core import Core
from inference.net.prompts import PromptTooLong, chat_prompt, text_prompt
from inference.plan import Plan
from inference.prompts import TOO_LONG, Message
from inference.request import Question

NOBODYS_WORDS = "\u2588"


@dataclass(frozen=True, slots=True)
class Prompts:
    """Token ids by row."""

    core: Sequence[int]
    seats: Mapping[str, Sequence[int]]
    shared: Mapping[str, int]  # by seat: how many of its first tokens hold nothing of the caller's


def prompts_for(*, question: Question, plan: Plan, materials: Materials, core: Core) -> Prompts:
    try:
        own = _prompt(question, core, passages=())
    except PromptTooLong as error:
        raise Invalid(
            f"The prompt has {error.tokens} tokens; with {question.room} for the answer at most {error.most} "
            "fit into this model.",
            code=TOO_LONG,
            next_step="Shorten the prompt or ask for fewer tokens.",
            param=_param(question),
        ) from error
    _refuse_unknown_tokens(question, core)
    texts = {seat.slug: materials[seat.slug].texts for seat in plan.seats}
    seats = {slug: _fitting(question, core, passages) for slug, passages in texts.items()}
    shared = {slug: _shared(question, core, ids, texts[slug]) for slug, ids in seats.items()}
    return Prompts(own, seats, shared)


def _shared(question: Question, core: Core, ids: Sequence[int], passages: Sequence[str]) -> int:
    """Tokens that any caller's prompt with these passages begins with.

    None in private answers: how long a source's row takes must not tell which passages were read before.
    """
    if question.wishes.is_private or not passages:
        return 0
    try:
        other = _prompt(_nobodys(question), core, passages=passages)
    except PromptTooLong:
        return 0
    return next((place for place, (one, its) in enumerate(zip(ids, other, strict=False)) if one != its), 0)


def _nobodys(question: Question) -> Question:
    """The same request with other words than any caller's."""
    messages = (Message("user", NOBODYS_WORDS),) if question.messages else ()
    return replace(question, messages=messages, prompts=(NOBODYS_WORDS,) if question.prompts else ())


def _param(question: Question) -> str:
    if question.labels is not None:
        return "input"
    return "messages" if question.kind == "chat" else "prompt"


def _refuse_unknown_tokens(question: Question, core: Core) -> None:
    biased = question.nudged.logit_bias if question.nudged else {}
    beyond = [token for token in biased if token >= core.vocabulary]
    if beyond:
        raise Invalid(
            f"`logit_bias` names the token {beyond[0]}; this core has {core.vocabulary}.",
            next_step="Name tokens by their numbers in the core's tokenizer.",
            param="logit_bias",
        )


def _fitting(question: Question, core: Core, passages: Sequence[str]) -> Sequence[int]:
    """With as many passages as fit, the nearest first."""
    for count in range(len(passages), 0, -1):
        try:
            return _prompt(question, core, passages=passages[:count])
        except PromptTooLong:
            continue
    return _prompt(question, core, passages=())


def _prompt(question: Question, core: Core, *, passages: Sequence[str]) -> Sequence[int]:
    if question.kind == "completion":
        return text_prompt(core=core, text=question.prompt, passages=passages, answer_tokens=question.room)
    messages = [{"role": one.role, "content": one.content} for one in question.messages]
    return chat_prompt(core=core, messages=messages, passages=passages, answer_tokens=question.room)
