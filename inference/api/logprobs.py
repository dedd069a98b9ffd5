"""Log probabilities of tokens in OpenAI's two shapes. Pure: the engine's entries in, JSON values out.

The numbers are those of the whole vote, at the temperature at which influence was measured.
"""

from collections.abc import Sequence
from typing import Any

from inference.channel import Event

Json = dict[str, Any]


def of_chat(entries: Sequence[Event]) -> Json:
    content = [{**_token(entry), "top_logprobs": [_token(top) for top in entry["top"]]} for entry in entries]
    return {"content": content, "refusal": None}


def of_completion(entries: Sequence[Event]) -> Json:
    """Four lists side by side; offsets count characters of the text that is returned."""
    return {
        "tokens": [entry["token"] for entry in entries],
        "token_logprobs": [entry["logprob"] for entry in entries],
        "top_logprobs": [{top["token"]: top["logprob"] for top in entry["top"]} for entry in entries],
        "text_offset": [entry["offset"] for entry in entries],
    }


def _token(entry: Event) -> Json:
    return {"token": entry["token"], "logprob": entry["logprob"], "bytes": entry["bytes"]}
