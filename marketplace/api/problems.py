"""Every error as application/problem+json: a stable code, one plain sentence, and what to do.

Views with `openai_errors = True` answer OpenAI's error object instead. What nobody foresaw is logged and
becomes a 500 without its traceback. Must not decide anything: it only renders refusals made elsewhere.
"""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from accounting.errors import DomainError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
UNEXPECTED = {
    "type": "/v1/docs#internal_error",
    "code": "internal_error",
    "title": "Something went wrong on our side",
    "status": 500,
    "detail": "The request could not be completed; the error was logged.",
    "next_step": "Try again; if it stays, tell the operator when it happened.",
}
_OPENAI_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_PLAIN: tuple[tuple[type[Exception], str, str, int, str], ...] = (
    (Http404, "not_found", "Not found", 404, "There is nothing here that you may know of."),
    (DjangoPermissionDenied, "permission_denied", "Not permitted", 403, "This is not permitted."),
    (RequestDataTooBig, "too_large", "The request is too large", 413, "The request's body is too large."),
    (TooManyFilesSent, "too_large", "The request is too large", 413, "The request holds too many files."),
    (RecursionError, "bad_json", "Malformed request", 400, "The body is nested too deeply."),
    (SuspiciousOperation, "bad_request", "The request cannot be taken", 400, "The request is malformed."),
)
_NEXT_STEPS = {
    401: "Send `Authorization: Bearer <API key>`.",
    405: "Look up the methods of this address in /v1/docs.",
    415: "Send the content type that /v1/docs names for this address.",
    429: "Wait as long as the header Retry-After says.",
}
_CODES = {
    "not_authenticated": "unauthenticated",
    "authentication_failed": "invalid_api_key",
    "parse_error": "bad_json",
    "throttled": "rate_limited",
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """The framework's exception handler."""
    problem: dict[str, Any] = _sayable(problem_of(error))
    if problem["status"] >= 500:
        logger.error("%s", problem["code"], exc_info=error)
    headers = _headers(error, problem)
    if getattr(context.get("view"), "openai_errors", False):
        return Response(openai_error(problem), status=problem["status"], headers=headers)
    return Response(problem, status=problem["status"], headers=headers, content_type=MEDIA_TYPE)


def _sayable(value: Any) -> Any:
    """Half a surrogate pair can stand in a request, but in no answer."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_sayable(key): _sayable(inner) for key, inner in value.items()}
    return [_sayable(inner) for inner in value] if isinstance(value, list) else value


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem that an error means, as a JSON value."""
    if isinstance(error, DomainError):
        known = _problem(error.code, error.title, error.status, error.detail, error.next_step)
        return {**error.extra, **known}
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error)
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    for kind, code, title, status, detail in _PLAIN:
        if isinstance(error, kind):
            return _problem(code, title, status, detail)
    return dict(UNEXPECTED)


def openai_error(problem: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAI's error object; what else the problem says (a quote, a rule) stands beside its four fields."""
    status = int(problem["status"])
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    message = f"{problem['detail']} {problem['next_step']}".strip()
    rest = {
        key: value for key, value in problem.items() if key not in {"title", "detail", "next_step", "code"}
    }
    param = rest.pop("param", None)
    return {"error": {**rest, "message": message, "type": kind, "param": param, "code": problem["code"]}}


def _problem(code: str, title: str, status: int, detail: str, next_step: str = "") -> dict[str, Any]:
    return {
        "type": f"/v1/docs#{code}",
        "code": code,
        "title": title,
        "status": status,
        "detail": detail,
        "next_step": next_step,
    }


def _invalid(error: exceptions.ValidationError) -> dict[str, Any]:
    problems = [{"path": path, "sentence": sentence} for path, sentence in _flat(error.detail, "$")]
    first = problems[0]
    problem = _problem(
        "invalid",
        "The request is not valid",
        422,
        f"{first['path']}: {first['sentence']}",
        "Correct every place that `problems` names.",
    )
    return {**problem, "problems": problems}


def _flat(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _flat(value, path if key == "non_field_errors" else f"{path}.{key}")
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _flat(value, f"{path}[{index}]" if nested else path)
    else:
        yield path, str(detail)


def _of_framework(error: exceptions.APIException) -> dict[str, Any]:
    status = error.status_code
    name = error.get_codes() if isinstance(error.get_codes(), str) else error.default_code
    code = _CODES.get(str(name), str(name))
    detail = "The body is not valid JSON." if code == "bad_json" else str(error.detail)
    return _problem(code, _title(error), status, detail, _NEXT_STEPS.get(status, ""))


def _title(error: exceptions.APIException) -> str:
    """The framework's, but some of its titles are templates that only the detail fills in."""
    title = str(error.default_detail)
    return HTTPStatus(error.status_code).phrase.capitalize() if "{" in title else title


def _headers(error: Exception, problem: Mapping[str, Any]) -> dict[str, str]:
    headers = {"X-Error-Code": str(problem["code"])}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None) or problem.get("retry_after")
    if wait:
        headers["Retry-After"] = str(int(wait + 0.999))
    if 400 <= int(problem["status"]) < 500 and problem["status"] != 429:
        headers["X-Should-Retry"] = "false"  # OpenAI's clients would repeat a 409
    return headers
