"""Who tries every address, and what each of them is told.

The owner's organisation has a source, a receipt that pays it, a payout under way, and members in every role;
buyer and outsider are owners of organisations of their own, and so is the operator; an auditor is in none.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from marketplace.models import Role, Staff
from tests.cast import Cast

Told = int | str
Who = Mapping[str, Told]  # what each actor is told; "ok" is what the row says about success
MEMBERS: Mapping[str, Role] = {
    "viewer": Role.VIEWER,
    "editor": Role.EDITOR,
    "finance": Role.FINANCE,
    "owner": Role.OWNER,
}
OTHERS = ("outsider", "buyer", "operator")
ACTORS = ("stranger", "auditor", *OTHERS, *MEMBERS)
OK = "ok"


def members(roles: Collection[Role]) -> dict[str, Told]:
    """Members of the owner's organisation: those in these roles may, the others are refused in words."""
    return {who: OK if role in roles else 403 for who, role in MEMBERS.items()}


def api_clients(cast: Cast) -> dict[str, APIClient]:
    """With keys of every scope; the auditor has no organisation, so no key, and is signed in."""
    auditor = APIClient(raise_request_exception=False)
    auditor.force_login(cast.clerk(Staff.AUDITOR).user)
    found = {"stranger": cast.stranger, "auditor": auditor}
    found |= {who: getattr(cast, who).api for who in OTHERS}
    return found | {who: actor.api for who, actor in _colleagues(cast).items()}


def browsers(cast: Cast) -> dict[str, Client]:
    found = {"stranger": Client(), "auditor": cast.clerk(Staff.AUDITOR).browser}
    found |= {who: getattr(cast, who).browser for who in OTHERS}
    return found | {who: actor.browser for who, actor in _colleagues(cast).items()}


@contextmanager
def undone() -> Iterator[None]:
    """What is done inside is taken back: every actor meets the same market."""
    attempt = transaction.atomic()
    attempt._from_testcase = True  # type: ignore[attr-defined]  # durable transactions may run inside
    with attempt:
        yield
        transaction.set_rollback(True)


def _colleagues(cast: Cast) -> dict[str, Any]:
    return {
        who: cast.owner if role == Role.OWNER else cast.owner.colleague(role) for who, role in MEMBERS.items()
    }
