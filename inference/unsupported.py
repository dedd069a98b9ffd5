"""Fields of OpenAI's API that are accepted because they change nothing, and those refused because they would.

A wish that cannot be honoured is refused by name: silently ignoring it would give another answer than the one
that was asked for.
"""

from typing import Any

from inference.fields import Fields, refuse

HARMLESS = frozenset(
    {
        "metadata", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier",
        "parallel_tool_calls", "reasoning_effort", "verbosity", "prediction", "function_call",
    }
)  # fmt: skip
# The values of each field that mean "nothing special"; empty lists, empty objects and false always do.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "tools": (),
    "functions": (),
    "audio": (),
    "suffix": (),
    "echo": (),
    "tool_choice": ("none", "auto"),
    "modalities": (["text"],),
    "response_format": ({"type": "text"},),
}
INSTEAD = {
    "tools": "Describe in the messages what you need, and call your own functions with the answer.",
    "functions": "Describe in the messages what you need, and call your own functions with the answer.",
    "audio": "Answers are text.",
    "suffix": "Put what shall follow into the prompt.",
    "echo": "Put the prompt before the text yourself.",
    "response_format": "Ask for the form in the messages and check it yourself; only `text` is given.",
}
ELSEWHERE = {
    "chat": ("prompt", "Chat takes `messages`, not `prompt`.", "Use POST /v1/completions."),
    "completion": ("messages", "Completions take `prompt`.", "Use POST /v1/chat/completions."),
}


def refuse_unsupported(fields: Fields, *, kind: str) -> None:
    if fields.whole("best_of", 1, least=1, most=128) != 1:
        raise refuse(
            "best_of",
            "`best_of` is not supported: answers that are thrown away would be paid all the same.",
            next_step="Ask for `n` choices and choose yourself.",
        )
    for key, neutral in NEUTRAL.items():
        value = fields.raw(key)
        if value and value not in neutral:
            raise refuse(key, f"`{key}` is not supported.", next_step=INSTEAD.get(key, f"Leave `{key}` out."))
    param, sentence, next_step = ELSEWHERE[kind]
    if fields.raw(param) is not None:
        raise refuse(param, sentence, next_step=next_step)
