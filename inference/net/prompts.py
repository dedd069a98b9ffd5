"""What does each row read? The question alone, or the question with its own source's passages before it.

Composing, before the first token: a source's passages stand in its own row and nowhere else; the core's
row gets the plain question. Refuses what does not fit, with numbers. Chooses no passages.
"""

from collections.abc import Sequence

from inference.net.core import Core, Message


class PromptTooLong(ValueError):
    """More tokens than the core reads at once."""

    def __init__(self, *, tokens: int, most: int) -> None:
        super().__init__(f"The prompt has {tokens} tokens; at most {most} fit.")
        self.tokens = tokens
        self.most = most


def chat_prompt(
    *, core: Core, messages: Sequence[Message], passages: Sequence[str] = (), answer_tokens: int = 0
) -> list[int]:
    """Ids of a conversation in the core's chat template; passages go before the last user message."""
    with_passages = list(messages)
    if passages:
        last = max(place for place, message in enumerate(messages) if message["role"] == "user")
        question = messages[last]["content"]
        with_passages[last] = {"role": "user", "content": f"{_notes(passages)}\n\n{question}"}
    return _fitting(core, core.chat_ids(with_passages), answer_tokens)


def text_prompt(*, core: Core, text: str, passages: Sequence[str] = (), answer_tokens: int = 0) -> list[int]:
    """Ids of a plain text that the core continues; passages go before it."""
    whole = f"{_notes(passages)}\n\n{text}" if passages else text
    return _fitting(core, core.encode(whole), answer_tokens)


def _notes(passages: Sequence[str]) -> str:
    return "\n\n".join(passage.strip() for passage in passages)


def _fitting(core: Core, ids: list[int], answer_tokens: int) -> list[int]:
    most = core.context_tokens - max(answer_tokens, 1)
    if len(ids) > most:
        raise PromptTooLong(tokens=len(ids), most=most)
    return ids
