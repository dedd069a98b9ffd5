"""A request body of an OpenAI client, understood: the first step of the way of one query.

`understand` is pure. The same function reads the body in the web process, where it refuses, and in the
engine, which gets the body as it was stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from inference.fields import Fields, refuse
from inference.prompts import Message, read_messages, read_prompts
from inference.unsupported import HARMLESS, refuse_unsupported
from inference.wishes import Wishes, read_wishes, refuse_what_private_forbids

Kind = Literal["chat", "completion"]
DEFAULT_MAX_TOKENS: Mapping[str, int] = {"chat": 256, "completion": 16}
MOST_TOKENS = 2048
MOST_TOKENS_OF_A_LABEL = 16
MOST_CHOICES = 8  # each is an answer with rows, a hold and a receipt of its own
MOST_BIASED_TOKENS = 300
MOST_TOP_LOGPROBS: Mapping[str, int] = {"chat": 20, "completion": 5}
LEAST_TEMPERATURE = 0.05
READ = frozenset(
    {
        "abc", "audio", "best_of", "echo", "frequency_penalty", "functions", "logit_bias", "logprobs",
        "max_completion_tokens", "max_tokens", "messages", "modalities", "model", "n", "presence_penalty",
        "prompt", "response_format", "seed", "stop", "store", "stream", "stream_options", "suffix",
        "temperature", "tool_choice", "tools", "top_logprobs", "top_p",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelWish:
    """What is chosen from in a classification, and whether scores are means over a label's tokens."""

    texts: tuple[str, ...]
    per_token: bool


@dataclass(frozen=True, slots=True)
class Nudged:
    """How the drawing is bent: away from what was said, to and from given tokens."""

    frequency_penalty: float
    presence_penalty: float
    logit_bias: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Question:
    """One request in our own terms."""

    kind: Kind
    model: str
    messages: tuple[Message, ...]  # chat
    prompts: tuple[str, ...]  # completion
    n: int  # choices of each prompt
    max_tokens: int
    temperature: float
    top_p: float
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool
    logprobs: int | None  # how many of the likeliest tokens are told beside each; None: nothing is told
    wishes: Wishes
    labels: LabelWish | None = None  # of a classification
    nudged: Nudged | None = None

    @property
    def room(self) -> int:
        """Tokens that have to fit behind the prompt."""
        return MOST_TOKENS_OF_A_LABEL if self.labels is not None else self.max_tokens

    @property
    def prompt(self) -> str:
        """The only prompt of a completion; "" in chat."""
        return self.prompts[0] if self.prompts else ""

    def choices(self) -> "tuple[Question, ...]":
        """One question for each choice, prompt by prompt. Seeds count up, the price limit is shared out
        evenly; every other limit is each choice's own, because each is an answer.
        """
        prompts: list[tuple[str, ...]] = [(one,) for one in self.prompts] or [()]
        count = len(prompts) * self.n
        price, seed = self.wishes.max_price_micro_usd, self.wishes.seed
        return tuple(
            replace(
                self,
                prompts=prompts[place // self.n],
                n=1,
                wishes=replace(
                    self.wishes,
                    max_price_micro_usd=None if price is None else price // count,
                    seed=None if seed is None else seed + place,
                ),
            )
            for place in range(count)
        )

    @property
    def text(self) -> str:
        """What relevance is measured against: the caller's last words, or the whole prompt."""
        if self.kind == "completion":
            return self.prompt
        return next(
            (one.content for one in reversed(self.messages) if one.role == "user"), self.messages[-1].content
        )

    @property
    def said(self) -> str:
        """The words before the answer, as their reader sees them; a prompt's last word may still go on."""
        if self.kind == "completion":
            return self.prompt
        return "".join(f"{one.content}\n" for one in self.messages)


def understand(body: Any, *, kind: Kind, default_purpose: str, seats: int) -> Question:
    if not isinstance(body, dict):
        raise refuse("", "The body must be a JSON object.")
    fields = Fields(body)
    fields.refuse_unknown(READ | HARMLESS)
    refuse_unsupported(fields, kind=kind)
    wishes = read_wishes(
        _abc_with_seed(fields), default_purpose=default_purpose, store_by_default=fields.flag("store", True)
    )
    stream = fields.flag("stream", False)
    question = Question(
        kind=kind,
        model=model_of(fields),
        messages=read_messages(fields) if kind == "chat" else (),
        prompts=read_prompts(fields) if kind == "completion" else (),
        n=fields.whole("n", 1, least=1, most=MOST_CHOICES),
        max_tokens=_max_tokens(fields, kind),
        temperature=_temperature(fields),
        top_p=fields.number("top_p", 1.0, least=0.0001, most=1),
        stop=_stop(fields),
        nudged=_nudged(fields),
        stream=stream,
        include_usage=_include_usage(fields, stream=stream),
        logprobs=_logprobs(fields, kind),
        wishes=wishes,
    )
    refuse_no_purpose(wishes)
    _refuse_long_classification(question)
    _refuse_many_choices(question)
    if wishes.is_private:
        refuse_what_private_forbids(
            wishes,
            temperature=question.temperature,
            top_p=question.top_p,
            logprobs=question.logprobs is not None,
            nudged=question.nudged is not None,
            seats=seats,
        )
    return question


def _abc_with_seed(fields: Fields) -> Fields:
    """`abc.seed` and OpenAI's `seed` are the same wish; two different values are a contradiction."""
    abc = fields.object("abc")
    outer, inner = fields.raw("seed"), abc.raw("seed")
    if outer is not None and inner is not None and outer != inner:
        raise refuse("seed", "`seed` and `abc.seed` differ.", next_step="Give one of them.")
    return Fields({**abc.body, "seed": outer if inner is None else inner}, abc.path)


def model_of(fields: Fields) -> str:
    model = fields.text("model")
    if not model:
        raise refuse("model", "`model` is missing.", next_step="GET /v1/models lists the models.")
    return model


def _max_tokens(fields: Fields, kind: Kind) -> int:
    older = fields.whole_or_none("max_tokens", least=1, most=MOST_TOKENS)
    newer = fields.whole_or_none("max_completion_tokens", least=1, most=MOST_TOKENS)
    if older is not None and newer is not None and older != newer:
        raise refuse(
            "max_tokens", "`max_tokens` and `max_completion_tokens` differ.", next_step="Give one of them."
        )
    return newer or older or DEFAULT_MAX_TOKENS[kind]


def _temperature(fields: Fields) -> float:
    temperature = fields.number("temperature", 1.0, least=0, most=2)
    if 0 < temperature < LEAST_TEMPERATURE:
        raise refuse(
            "temperature",
            f"`temperature` between 0 and {LEAST_TEMPERATURE} is refused: influence is not measurable there.",
            next_step=f"Use 0 for the most likely tokens, or {LEAST_TEMPERATURE} or more.",
        )
    return temperature


def _nudged(fields: Fields) -> Nudged | None:
    """None where nothing is bent, however it is written."""
    frequency, presence = (
        fields.number(name, 0.0, least=-2, most=2) for name in ("frequency_penalty", "presence_penalty")
    )
    bias = _logit_bias(fields.object("logit_bias"))
    return Nudged(frequency, presence, bias) if frequency or presence or bias else None


def _logit_bias(fields: Fields) -> dict[int, float]:
    if len(fields.body) > MOST_BIASED_TOKENS:
        raise refuse("logit_bias", f"`logit_bias` may name at most {MOST_BIASED_TOKENS} tokens.")
    for key in fields.body:
        if not (key.isascii() and key.isdigit() and len(key) <= 9):
            raise refuse(
                "logit_bias",
                f"`{key[:50]}` in `logit_bias` is not a token id.",
                next_step="Name tokens by their numbers in the core's tokenizer, as text.",
            )
    values = {int(key): fields.number(key, 0.0, least=-100, most=100) for key in fields.body}
    return {token: value for token, value in values.items() if value}


def _stop(fields: Fields) -> tuple[str, ...]:
    value = fields.raw("stop")
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if (
        not isinstance(values, list)
        or len(values) > 4
        or not all(isinstance(one, str) and one for one in values)
    ):
        raise refuse("stop", "`stop` must be a text, or a list of at most 4 texts, none of them empty.")
    return tuple(Fields({"stop": one}).text("stop") for one in values)


def _include_usage(fields: Fields, *, stream: bool) -> bool:
    if fields.raw("stream_options") is not None and not stream:
        raise refuse("stream_options", "`stream_options` needs `stream: true`.")
    return fields.object("stream_options").flag("include_usage", False)


def _logprobs(fields: Fields, kind: Kind) -> int | None:
    """Chat says whether and how many apart, completions say both with one number."""
    most = MOST_TOP_LOGPROBS[kind]
    if kind == "completion":
        if fields.raw("top_logprobs") is not None:
            raise refuse(
                "top_logprobs",
                "Completions take no `top_logprobs`.",
                next_step=f"Set `logprobs` to 0 to {most}.",
            )
        return fields.whole_or_none("logprobs", least=0, most=most)
    wanted = fields.flag("logprobs", False)
    top = fields.whole_or_none("top_logprobs", least=0, most=most)
    if top is not None and not wanted:
        raise refuse(
            "top_logprobs", "`top_logprobs` needs `logprobs: true`.", next_step="Set `logprobs` to true."
        )
    return (top or 0) if wanted else None


def _refuse_long_classification(question: Question) -> None:
    """A label is short: what is longer is an answer, whatever it is called."""
    if question.wishes.output == "classification" and question.max_tokens > MOST_TOKENS_OF_A_LABEL:
        raise refuse(
            "max_tokens",
            f"A classification has at most {MOST_TOKENS_OF_A_LABEL} tokens.",
            next_step=f"Set `max_tokens` to {MOST_TOKENS_OF_A_LABEL} or less, or ask for an answer.",
        )


def _refuse_many_choices(question: Question) -> None:
    count = len(question.prompts) * question.n
    if count > MOST_CHOICES:
        raise refuse(
            "prompt",
            f"One request is given at most {MOST_CHOICES} choices; these prompts ask for {count}.",
            next_step="Send fewer prompts at once, or a smaller `n`.",
        )


def refuse_no_purpose(wishes: Wishes) -> None:
    if not wishes.purpose:
        raise refuse(
            "abc.purpose",
            "The purpose of this request is not stated.",
            next_step="Set `abc.purpose`, or give the key a default purpose.",
        )
