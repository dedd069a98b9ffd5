"""The same thing done to many rows: a reason is typed once, every row is a transaction of its own.

What fails is named and stops nothing else. Use cases decide, exactly as for one row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from accounting.console import ReadOnlyAdmin
from accounting.errors import DomainError
from marketplace.console.dialogs import OptionalReasonForm, ReasonForm
from marketplace.console.site import shown
from marketplace.models import User

MOST = 200
Call = Callable[[Any, str, User, datetime], object]


@dataclass(frozen=True, slots=True)
class Bulk:
    """One thing that can be done to many: what it says, who may, and the use case for one row."""

    name: str
    title: str
    effect: str
    duty: str
    call: Call
    needs_reason: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row; `problem` is empty where it was done."""

    row: Any
    problem: str = ""


class BulkAdmin(ReadOnlyAdmin):
    """A table whose rows can be acted on together."""

    bulk: tuple[Bulk, ...] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that this person may press."""
        return {
            one.name: (_pressed(one), one.name, one.title)
            for one in self.bulk
            if request.user.has_perm(one.duty)
        }


def _pressed(bulk: Bulk) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponseBase | None]:
    def action(admin: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponseBase | None:
        chosen = list(rows.order_by("pk")[: MOST + 1])
        if len(chosen) > MOST:
            messages.error(request, f"At most {MOST} rows at once; nothing was done.")
            return None
        return _confirmed(bulk, admin, request, chosen)

    return action


def _confirmed(bulk: Bulk, admin: Any, request: HttpRequest, chosen: list[Any]) -> HttpResponseBase:
    """First the question with the reason, then the results, row by row."""
    kind = ReasonForm if bulk.needs_reason else OptionalReasonForm
    form = kind(data=request.POST if "_form_submitted" in request.POST else None, request=request)
    results = _results(bulk, form, request, chosen) if form.is_valid() else []
    return shown(
        request, "bulk.html", bulk.title, bulk=bulk, form=form, chosen=chosen, results=results,
        failed=sum(bool(one.problem) for one in results), opts=admin.opts,
    )  # fmt: skip


def _results(bulk: Bulk, form: Any, request: HttpRequest, chosen: list[Any]) -> list[Result]:
    user, reason = cast("User", request.user), form.cleaned_data["reason"]
    return [_one(bulk, row, reason, user) for row in chosen]


def _one(bulk: Bulk, row: Any, reason: str, user: User) -> Result:
    try:
        bulk.call(row, reason, user, timezone.now())
    except DomainError as error:
        return Result(row, f"{error.detail} {error.next_step}".strip())
    return Result(row)
