"""Server-sent events of one answer: OpenAI's chunks, comments while nothing is said, an error event at worst.

Under ASGI the frames come from an asynchronous generator, so that they leave one by one; a synchronous server
(and the test client) gets the same frames from a synchronous one.
"""

import json
from collections.abc import AsyncIterator, Iterator
from itertools import chain

from inference.api.shapes import Shape
from inference.channel import Event
from inference.problems import error_of
from marketplace.api.problems import openai_error, problem_of

END = "data: [DONE]\n\n"


def frames_of(event: Event, *, shape: Shape) -> Iterator[str]:
    match event["type"]:
        case "pause":
            yield ": still here\n\n"
        case "error":
            yield _frame(openai_error(problem_of(error_of(event["problem"]))))
            yield END
        case kind:
            for chunk in shape.chunks(event):
                yield _frame(chunk)
            if kind == "done":
                yield END


def stream(first: Event, rest: Iterator[Event], *, shape: Shape) -> Iterator[str]:
    shape = shape.knowing(first)
    for event in chain([first], rest):
        yield from frames_of(event, shape=shape)


async def stream_async(first: Event, rest: AsyncIterator[Event], *, shape: Shape) -> AsyncIterator[str]:
    shape = shape.knowing(first)
    for frame in frames_of(first, shape=shape):
        yield frame
    async for event in rest:
        for frame in frames_of(event, shape=shape):
            yield frame


def _frame(value: object) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
