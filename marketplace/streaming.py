"""Long replies, sent while they are made and never held as a whole.

Under ASGI the pieces are made in the request's own thread and handed over one by one: an ordinary iterator
would be read to its end first. A synchronous server, and the test client, reads the same pieces directly. The
first piece is made before the reply begins, so that a refusal is still an ordinary error.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import chain

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

PIECE = 32 * 1024  # characters


def streamed(
    request: HttpRequest, parts: Iterable[str], *, content_type: str, filename: str = ""
) -> StreamingHttpResponse:
    """`filename` offers the reply as a download."""
    made = pieces(parts)
    whole = chain([next(made, "")], made)
    reply = StreamingHttpResponse(
        _handed_over(whole) if isinstance(request, ASGIRequest) else whole, content_type=content_type
    )
    reply["Cache-Control"] = "private, no-store"
    reply["X-Accel-Buffering"] = "no"
    if filename:
        reply["Content-Disposition"] = f'attachment; filename="{filename}"'
    return reply


def pieces(parts: Iterable[str]) -> Iterator[str]:
    """Many small parts as few pieces: each one costs a way from thread to thread."""
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


async def _handed_over(made: Iterator[str]) -> AsyncIterator[str]:
    take = sync_to_async(_next, thread_sensitive=True)
    while (piece := await take(made)) is not None:
        yield piece


def _next(made: Iterator[str]) -> str | None:
    """StopIteration cannot leave a thread."""
    return next(made, None)
