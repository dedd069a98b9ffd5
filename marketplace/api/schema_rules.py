"""What every operation can answer for reasons that are not its own: added to the schema in one place.

A body can be unreadable, of a type that is not taken, too large or wrong; an address's own form, cursor and
page size can be wrong; no form may fit `Accept`. Views name only what they refuse themselves.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Json = dict[str, Any]
SENTENCES = {
    400: "The request cannot be read: no valid JSON, or a malformed form.",
    406: "No form of the answer fits `Accept`.",
    413: "The body is too large.",
    415: "The body's content type is not taken here.",
    422: "The request is not valid; the problem names the place.",
}
ANY_BODY = (400, 413, 415, 422)
METHODS = {"get", "put", "post", "patch", "delete"}
CHECKED = {"cursor", "page_size", "format"}


def document_framework_answers(result: Json, **_how: Any) -> Json:
    """A postprocessing hook of drf-spectacular."""
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                _complete(path, operation)
    return result


def _complete(path: str, operation: Json) -> None:
    responses = operation["responses"]
    pattern = responses.get("401") or responses.get("404")
    if pattern is None:
        return
    for status in _statuses(path, operation):
        answer = {**deepcopy(pattern), "description": SENTENCES[status]}
        responses.setdefault(str(status), answer)


def _statuses(path: str, operation: Json) -> Iterator[int]:
    if "requestBody" in operation:
        yield from ANY_BODY
    if any(one["name"] in CHECKED for one in operation.get("parameters", ())):
        yield 422
    if path.startswith("/v1/"):
        yield 406
