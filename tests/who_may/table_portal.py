"""Who may do what in the portal: one line for each method of every address in marketplace/portal/urls.py.

A new page is one line for what opens it and one for what its form sends. A method that is in no line must be
refused (405). "ok" is a page, a file, or the way back after something was done.
"""

import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from marketplace.models import ApiKey, RightsFinding, Role
from marketplace.roles import EDITORS, MANAGERS, TREASURERS
from tests.pages.test_forms import OPEN as OPEN_POLICY
from tests.pages.test_forms import text_file, typed
from tests.who_may.actors import ACTORS, MEMBERS, OK, OTHERS, Told, Who, members
from tests.who_may.market import STATING
from tests.who_may.table_api import AGREE, OFFER

READERS = frozenset(Role)
OPEN: Who = dict.fromkeys(ACTORS, OK)
PERSON: Who = {**OPEN, "stranger": "sign in"}
NOWHERE: dict[str, Told] = {"stranger": "sign in", "auditor": "console"}  # staff have no desk of their own


def of_organisation(roles: Collection[Role] = READERS) -> Who:
    """Everybody does it to an organisation of their own, in the right role."""
    return {**NOWHERE, **dict.fromkeys(OTHERS, OK), **members(roles)}


def of_owner(roles: Collection[Role] = READERS) -> Who:
    """It belongs to the owner's organisation: for all others it is not there."""
    return {**NOWHERE, **dict.fromkeys(OTHERS, 404), **members(roles)}


@dataclass(frozen=True)
class Row:
    method: str
    route: str
    who: Who
    send: Callable[[], dict[str, Any]] | dict[str, Any] = field(default_factory=dict)
    of: dict[str, str] = field(default_factory=dict)  # which row, where it is not the usual one

    def body(self) -> dict[str, Any]:
        """Made anew for each request: a file can be read once."""
        return self.send() if callable(self.send) else self.send


SOURCE = "sources/<slug:slug>"
REASON = {"reason": "x", "confirm": "alpine-plants"}
NEW_SOURCE = {"slug": "brand-new", "title": "Brand new", "license": "CC0-1.0"}
OF_ITS_CONSUMER: Who = {**of_owner(), "buyer": OK, **dict.fromkeys(MEMBERS, 404)}
LIFETIME = {"budget": "lifetime", "reason": "x"}
NEW_KEY = {"name": "mine", "scopes": ["answers"]}
TOP_UP = {"amount_usd": "25", "operation_id": str(uuid.UUID(int=7))}
PAYOUT = {"amount_usd": "0.01", "operation_id": str(uuid.UUID(int=8))}


def policy() -> dict[str, Any]:
    return {**typed(OPEN_POLICY), "do": "publish"}


def offer() -> dict[str, Any]:
    return {"offer": text_file(json.dumps(OFFER).encode(), "offer.jsonld")}


def term() -> dict[str, Any]:
    return {"finding": RightsFinding.objects.get().pk, "decision": "applies"}


def rotation() -> dict[str, Any]:
    key = ApiKey.objects.get(created_by__username="owner", name="tests")
    return {f"key-{key.pk}-overlap_hours": "24"}


def files() -> dict[str, Any]:
    return {"documents": [text_file(b"Edelweiss grows high up.", "new.txt")]}


STATEMENTS = tuple(
    Row("GET", f"{section}/statement{rest}", of_organisation())
    for section in ("account", "earnings")
    for rest in ("", "/print", ".csv", ".json")
)
ROWS = (
    Row("GET", "sign-in", OPEN),
    Row("POST", "sign-in", OPEN, {"username": "nobody", "password": "x"}),
    Row("POST", "sign-out", dict.fromkeys(ACTORS, "sign in")),
    Row("POST", "organisation", of_owner(), {"organisation": "owner"}),
    Row("GET", "catalogue", OPEN),
    Row("GET", "catalogue/<slug:slug>", OPEN),
    Row("GET", "compare", OPEN),
    Row("GET", "you", PERSON),
    Row("POST", "you", PERSON),
    Row("POST", "you/sign-out-everywhere", PERSON),
    Row("GET", "invitations/<str:token>", OPEN),
    Row("POST", "invitations/<str:token>", OPEN),
    Row("GET", "", of_organisation()),
    # the organisation
    Row("GET", "organisation/new", PERSON),
    Row("POST", "organisation/new", PERSON, {"slug": "brand-new", "name": "Brand new"}),
    Row("GET", "organisation/profile", of_organisation()),
    Row("POST", "organisation/country", of_organisation(MANAGERS), {"country": "DE"}),
    Row("POST", "organisation/domains", of_organisation(MANAGERS), {"domain": "new.example.org"}),
    Row("POST", "organisation/domains/<int:claim_id>/prove", of_owner(MANAGERS)),
    Row("POST", "organisation/domains/give-up", of_owner(MANAGERS), {"domain": "uni.example.org"}),
    Row("GET", "members", of_organisation()),
    Row("POST", "members", of_organisation(MANAGERS), {"email": "eve@example.org", "role": "viewer"}),
    Row("POST", "members/<int:member_id>/role", of_owner(MANAGERS)),
    Row("POST", "members/<int:member_id>/remove", of_owner(MANAGERS)),
    Row("POST", "members/invitations/<int:invitation_id>/revoke", of_owner(MANAGERS)),
    # owners
    Row("GET", "sources", of_organisation()),
    Row("GET", "sources/new", of_organisation(EDITORS)),
    Row("POST", "sources/new", of_organisation(EDITORS), NEW_SOURCE),
    Row("GET", SOURCE, of_owner()),
    Row("GET", f"{SOURCE}/documents", of_owner()),
    Row("POST", f"{SOURCE}/documents", of_owner(EDITORS), files),
    Row("GET", f"{SOURCE}/policy", of_owner()),
    Row("POST", f"{SOURCE}/policy", of_owner(EDITORS), policy),
    Row("POST", f"{SOURCE}/policy/preview", of_owner(), policy),
    Row("POST", f"{SOURCE}/policy/try", of_owner(), policy),
    Row("POST", f"{SOURCE}/policy/backtest", of_owner(), policy),
    Row("POST", f"{SOURCE}/policy/backtest.csv", of_owner(), policy),
    Row("GET", f"{SOURCE}/policy/odrl", of_owner()),
    Row("POST", f"{SOURCE}/policy/odrl", of_owner(EDITORS), offer),
    Row("GET", f"{SOURCE}/policy/odrl.jsonld", of_owner()),
    Row("POST", f"{SOURCE}/rights/adopt", of_owner(EDITORS)),
    Row("POST", f"{SOURCE}/rights", of_owner(EDITORS), term, of={"slug:slug": STATING}),
    Row("GET", f"{SOURCE}/budgets", of_owner()),
    Row("POST", f"{SOURCE}/budgets/pause", of_owner(EDITORS), LIFETIME),
    Row("POST", f"{SOURCE}/budgets/resume", of_owner(EDITORS), LIFETIME),
    Row("GET", f"{SOURCE}/progress", of_owner()),
    Row("POST", f"{SOURCE}/topics", of_owner(EDITORS), {"topic": ["health"]}),
    Row("POST", f"{SOURCE}/visibility", of_owner(EDITORS), {"visibility": "private"}),
    Row("POST", f"{SOURCE}/train", of_owner(EDITORS)),
    Row("POST", f"{SOURCE}/train/cancel", of_owner(EDITORS), of={"slug:slug": "bird-calls"}),
    Row("POST", f"{SOURCE}/zero-influence", of_owner(EDITORS)),
    Row(
        "GET",
        f"{SOURCE}/zero-influence/<uuid:certificate_id>.jws",
        {**of_owner(), **dict.fromkeys(MEMBERS, 404)},
    ),
    Row("POST", f"{SOURCE}/suspend", of_owner(EDITORS), REASON),
    Row("POST", f"{SOURCE}/resume", of_owner(EDITORS)),
    Row("POST", f"{SOURCE}/withdraw", of_owner(MANAGERS), REASON),
    Row("GET", f"{SOURCE}/policy/versions", of_owner()),
    Row("POST", f"{SOURCE}/policy/versions/<int:number>/cancel", of_owner(EDITORS)),
    Row("GET", "access", of_organisation()),
    Row("POST", "access/decide", of_organisation(EDITORS), {"decision": "approve"}),
    Row("GET", "earnings", of_organisation()),
    Row("GET", "earnings.csv", of_organisation()),
    Row("GET", "earnings/payouts", of_organisation()),
    Row("POST", "earnings/payouts", of_organisation(TREASURERS), PAYOUT),
    Row("GET", "earnings/payouts.csv", of_organisation()),
    Row("POST", "earnings/payouts/<uuid:payout_id>/cancel", of_owner(TREASURERS)),
    # users
    Row("GET", "agreements", of_organisation()),
    Row("POST", "agreements", of_organisation(EDITORS), AGREE),
    Row("POST", "agreements/<uuid:agreement_id>/end", OF_ITS_CONSUMER),
    Row("POST", "agreements/<uuid:agreement_id>/confirm", OF_ITS_CONSUMER, {"policy_version": "1"}),
    Row("GET", "receipts/<uuid:receipt_id>", {**of_owner(), "buyer": OK}),
    Row(
        "GET", "receipts/<uuid:receipt_id>/tokens", {**of_owner(), "buyer": OK, **dict.fromkeys(MEMBERS, 404)}
    ),
    Row("GET", "account", of_organisation()),
    *STATEMENTS,
    Row("GET", "wallet", of_organisation()),
    Row("POST", "wallet", of_organisation(TREASURERS), TOP_UP),
    Row("GET", "wallet.csv", of_organisation()),
    Row("GET", "wallet/top-ups/<uuid:top_up_id>", of_owner()),
    Row("GET", "wallet/top-ups/<uuid:top_up_id>/pay", {**of_owner(), "viewer": 404, "editor": 404}),
    Row("GET", "keys", of_organisation()),
    Row("POST", "keys", of_organisation(MANAGERS), NEW_KEY),
    Row("POST", "keys/<int:key_id>/caps", of_owner(MANAGERS)),
    Row("POST", "keys/<int:key_id>/rotate", of_owner(MANAGERS), rotation),
    Row("POST", "keys/<int:key_id>/end-previous", of_owner(MANAGERS)),
    Row("POST", "keys/<int:key_id>/revoke", of_owner(MANAGERS)),
)
