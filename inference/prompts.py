"""The words of a request: chat messages or a prompt, as plain text.

Only text is understood; a picture or a sound is refused by name. Nothing is rendered for the model here.
"""

from dataclasses import dataclass
from typing import Any

from inference.fields import Fields, clean_text, refuse

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
MOST_MESSAGES = 512
MOST_CHARACTERS = 200_000  # an early, cheap bound; the engine counts tokens
TOO_LONG = "context_length_exceeded"


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str


def read_messages(fields: Fields) -> tuple[Message, ...]:
    raw = fields.raw("messages")
    if not isinstance(raw, list) or not raw:
        raise refuse("messages", "`messages` must be a list with at least one message.")
    if len(raw) > MOST_MESSAGES:
        raise refuse("messages", f"`messages` may hold at most {MOST_MESSAGES} messages.", code=TOO_LONG)
    messages = tuple(_message(one, f"messages[{place}]") for place, one in enumerate(raw))
    if not any(one.role == "user" and one.content.strip() for one in messages):
        raise refuse("messages", "The prompt is empty.", next_step="Add a user message with text.")
    _refuse_over_long(sum(len(one.content) for one in messages), "messages")
    return messages


def read_prompts(fields: Fields) -> tuple[str, ...]:
    """One text, or several that are answered side by side."""
    raw = fields.raw("prompt")
    texts = raw if isinstance(raw, list) else [raw]
    if not texts or not all(isinstance(one, str) for one in texts):
        raise refuse(
            "prompt",
            "`prompt` must be a text or a list of texts; token ids are not taken.",
            next_step="Send the text itself.",
        )
    prompts = tuple(clean_text(one, "prompt") for one in texts)
    if not all(one.strip() for one in prompts):
        raise refuse("prompt", "The prompt is empty.", next_step="Give `prompt` some text.")
    _refuse_over_long(sum(len(one) for one in prompts), "prompt")
    return prompts


def read_text(fields: Fields, key: str, *, optional: bool = False) -> str:
    """One text with something in it; "" where it may be left out and is."""
    text = fields.text(key)
    if not optional and not text.strip():
        raise refuse(key, f"`{key}` is empty.", next_step=f"Give `{key}` some text.")
    _refuse_over_long(len(text), key)
    return text


def _message(raw: Any, path: str) -> Message:
    if not isinstance(raw, dict):
        raise refuse(path, f"`{path}` must be an object with `role` and `content`.")
    role = raw.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise refuse(f"{path}.role", f"`{path}.role` must be one of: {', '.join(ROLES)}.")
    return Message(ROLES[role], _content(raw.get("content"), f"{path}.content"))


def _content(raw: Any, path: str) -> str:
    if not isinstance(raw, list):
        return clean_text(raw, path)
    parts = []
    for part in raw:
        if not isinstance(part, dict) or part.get("type") != "text":
            raise refuse(
                path, f"`{path}` may hold text parts only.", next_step="Send text without pictures or sound."
            )
        parts.append(clean_text(part.get("text"), path))
    return "".join(parts)


def _refuse_over_long(characters: int, param: str) -> None:
    if characters > MOST_CHARACTERS:
        raise refuse(
            param,
            f"The prompt has {characters} characters; at most {MOST_CHARACTERS} are taken.",
            next_step="Shorten the prompt.",
            code=TOO_LONG,
        )
