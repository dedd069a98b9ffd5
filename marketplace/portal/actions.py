"""One way to press a button: call the use case, say what happened, go back.

A refusal becomes a message with what to do next; nothing is shown as done that was not.
"""

from collections.abc import Callable

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounting.errors import DomainError, NotFound, PermissionDenied


def act(request: HttpRequest, call: Callable[[], object], *, done: str, back: str) -> HttpResponse:
    """Run `call`; its refusals are shown on the page it came from."""
    try:
        call()
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        messages.error(request, in_words(error))
    else:
        messages.success(request, done)
    return redirect(back)


def attempt(form: BaseForm, call: Callable[[], object], *, field: str | None = None) -> bool:
    """Run `call` for a valid form; a refusal becomes the form's error, and what was typed stays."""
    try:
        call()
    except (NotFound, PermissionDenied):
        raise
    except DomainError as error:
        form.add_error(field, in_words(error))
        return False
    return True


def in_words(error: DomainError) -> str:
    return f"{error.detail} {error.next_step}".strip()
