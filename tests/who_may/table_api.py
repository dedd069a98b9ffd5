"""Who may do what over the API: one line for every method of every address under config/urls.py.

A new endpoint is one line: its method, its address as declared, who is told what, and the scope its keys
need; then what to send, and the status of success where that is not 200. Who may not must not learn more than
the status says: 404 is what does not exist.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.models import RightsFinding, Role
from marketplace.policy.odrl.document import exported
from marketplace.policy.odrl.terms import Place
from marketplace.roles import EDITORS, MANAGERS, TREASURERS
from tests.builders import PLAIN
from tests.who_may.actors import ACTORS, MEMBERS, OK, OTHERS, Told, Who, members
from tests.who_may.market import STATING

SIMULATION = {"policy": PLAIN, "consumer": "buyer", "purpose": "research"}
READERS = frozenset(Role)
OPEN: Who = dict.fromkeys(ACTORS, OK)
SIGNED_IN: Who = {**OPEN, "stranger": 401}


def of_organisation(roles: Collection[Role] = READERS) -> Who:
    """Everybody does it to an organisation of their own, in the right role."""
    return {"stranger": 401, "auditor": 403, **dict.fromkeys(OTHERS, OK), **members(roles)}


def of_owner(roles: Collection[Role] = READERS) -> Who:
    """It belongs to the owner's organisation: for all others it is not there."""
    return {"stranger": 401, "auditor": 403, **dict.fromkeys(OTHERS, 404), **members(roles)}


LISTED: Who = {**of_organisation()}
OF_THE_RECEIPT: Who = {**of_owner(), "buyer": OK}
OF_ITS_CONSUMER: Who = {**of_owner(), "buyer": OK, **dict.fromkeys(MEMBERS, 404)}
OF_ITS_BUYER: Who = {**OF_THE_RECEIPT, **dict.fromkeys(MEMBERS, 404)}


@dataclass(frozen=True)
class Row:
    method: str
    route: str
    who: Who
    scope: str = ""
    send: Any = None
    ok: int = 200
    form: str = "json"
    of: dict[str, str] = field(default_factory=dict)  # which row, where it is not the usual one

    def told(self, actor: str) -> Told:
        return self.ok if self.who[actor] == OK else self.who[actor]

    def body(self) -> Any:
        """Made anew for each request: a file can be read once."""
        return self.send() if isinstance(self.send, Callable) else self.send  # type: ignore[arg-type]


def files() -> dict[str, Any]:
    return {"files": SimpleUploadedFile("new.txt", b"Edelweiss grows high up.")}


def decision() -> dict[str, Any]:
    return {"findings": [RightsFinding.objects.get().pk], "decision": "applies"}


OFFER = exported(PLAIN, Place("http://testserver", "alpine-plants", "owner"))
SOURCE = "v1/sources/<slug:slug>"
NEW_SOURCE = {"slug": "brand-new", "title": "Brand new"}
ASKED = "v1/access-requests/<uuid:agreement_id>"
GRANT = {"consumer": "outsider", "purpose": "research"}
AGREE = {"source": "harbour-tides", "purpose": "education", "statement": "A school atlas."}
PAUSE = {"budget": "lifetime"}
ROWS = (
    Row("GET", "healthz", OPEN),
    Row("GET", "readyz", OPEN),
    Row("GET", ".well-known/jwks.json", OPEN),
    Row("GET", "ns/abc/v1", OPEN),
    Row("GET", "v1/schema", OPEN),
    Row("GET", "v1/docs", OPEN),
    Row("POST", "webhooks/stripe", dict.fromkeys(ACTORS, 400)),  # who does not sign as Stripe does
    Row("GET", "v1/purposes", OPEN),
    Row("GET", "v1/catalogue", OPEN),
    Row("GET", "catalog", OPEN),
    Row("GET", "v1/sources/<slug:slug>/dcat", OPEN),
    Row("GET", "v1/sources/<slug:slug>/croissant", OPEN),
    Row("GET", "v1/policy-templates", OPEN),
    Row("GET", "v1/policy-templates/<slug:slug>", OPEN, of={"slug:slug": "start"}),
    # owners
    Row("GET", "v1/sources", LISTED, "sources:read"),
    Row("POST", "v1/sources", of_organisation(EDITORS), "sources:write", NEW_SOURCE, 201),
    Row("GET", SOURCE, LISTED, "sources:read"),
    Row("PATCH", SOURCE, of_owner(EDITORS), "sources:write", {"title": "Other"}),
    Row("GET", f"{SOURCE}/documents", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/overlaps", of_owner(), "sources:read"),
    Row("POST", f"{SOURCE}/documents", of_owner(EDITORS), "sources:write", files, 201, "multipart"),
    Row("POST", f"{SOURCE}/train", of_owner(EDITORS), "training", {}, 202),
    Row("GET", f"{SOURCE}/policy", of_owner(), "sources:read"),
    Row("PUT", f"{SOURCE}/policy", of_owner(EDITORS), "policies:write", PLAIN),
    Row("GET", f"{SOURCE}/policies", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/policies/<int:number>", of_owner(), "sources:read"),
    Row("POST", f"{SOURCE}/policies/<int:number>/cancel", of_owner(EDITORS), "policies:write", {}, 409),
    Row("POST", f"{SOURCE}/agreements", of_owner(EDITORS), "sources:write", GRANT, 201),
    Row("GET", "v1/access-requests", of_organisation(), "sources:read"),
    Row("POST", "v1/access-requests/decide", of_organisation(EDITORS), "sources:write",
        {"ids": [str(UUID(int=1))], "decision": "approve"}),
    Row("POST", f"{ASKED}/approve", of_owner(EDITORS), "sources:write"),
    Row("POST", f"{ASKED}/refuse", of_owner(EDITORS), "sources:write", {"reason": "x"}),
    Row("POST", f"{ASKED}/end", of_owner(EDITORS), "sources:write", {"reason": "x"}),
    Row("POST", f"{SOURCE}/policy/validate", of_owner(), "sources:read", PLAIN),
    Row("POST", f"{SOURCE}/policy/simulate", of_owner(), "sources:read", SIMULATION),
    Row("POST", f"{SOURCE}/policy/backtest", of_owner(), "sources:read", {"policy": PLAIN, "days": 7}),
    Row("POST", f"{SOURCE}/suspend", of_owner(EDITORS), "sources:write", {"reason": "x"}),
    Row("POST", f"{SOURCE}/resume", of_owner(EDITORS), "sources:write", {}),
    Row("POST", f"{SOURCE}/withdraw", of_owner(MANAGERS), "sources:write", {"reason": "x"}),
    Row("GET", f"{SOURCE}/odrl", OPEN),
    Row("PUT", f"{SOURCE}/odrl", of_owner(EDITORS), "policies:write", OFFER),
    Row("POST", f"{SOURCE}/odrl/validate", of_owner(), "sources:read", OFFER),
    Row("GET", f"{SOURCE}/rights", of_owner(), "sources:read"),
    Row("POST", f"{SOURCE}/rights/confirm", of_owner(EDITORS), "sources:write", decision,
        of={"slug:slug": STATING}),
    Row("POST", f"{SOURCE}/rights/adopt", of_owner(EDITORS), "policies:write"),
    Row("GET", f"{SOURCE}/zero-influence", of_owner(), "sources:read"),
    Row("POST", f"{SOURCE}/zero-influence", of_owner(EDITORS), "sources:write", ok=409),
    Row("GET", f"{SOURCE}/zero-influence/<uuid:certificate_id>", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/zero-influence/<uuid:certificate_id>/jws", of_owner(), "sources:read", ok=409),
    Row("GET", f"{SOURCE}/budgets", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/budgets/alerts", of_owner(), "sources:read"),
    Row("POST", f"{SOURCE}/budgets/pause", of_owner(EDITORS), "sources:write", PAUSE),
    Row("POST", f"{SOURCE}/budgets/resume", of_owner(EDITORS), "sources:write", PAUSE),
    Row("GET", f"{SOURCE}/privacy", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/partitions", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/earnings", of_owner(), "sources:read"),
    Row("GET", f"{SOURCE}/earnings/statement", of_owner(), "sources:read"),
    Row("GET", "v1/earnings/statement", of_organisation(), "sources:read"),
    Row("GET", "v1/jobs", of_organisation(), "sources:read"),
    Row("GET", "v1/jobs/<int:job_id>", of_owner(), "sources:read"),
    Row("POST", "v1/jobs/<int:job_id>/cancel", of_owner(EDITORS), "training"),
    Row("GET", "v1/payouts", of_organisation(), "payouts"),
    Row("POST", "v1/payouts", of_organisation(TREASURERS), "payouts", {"amount_micro_usd": 1}, 422),
    Row("GET", "v1/payouts/<uuid:payout_id>", of_owner(), "payouts"),
    Row("POST", "v1/payouts/<uuid:payout_id>/cancel", of_owner(TREASURERS), "payouts"),
    # the organisation
    Row("GET", "v1/members", of_organisation(), "organisation"),
    Row("PATCH", "v1/members/<int:member_id>", of_owner(MANAGERS), "organisation", {"role": "viewer"}),
    Row("DELETE", "v1/members/<int:member_id>", of_owner(MANAGERS), "organisation", ok=204),
    Row("GET", "v1/invitations", of_organisation(MANAGERS), "organisation"),
    Row("POST", "v1/invitations", of_organisation(MANAGERS), "organisation",
        {"email": "eve@example.org", "role": "viewer"}, 201),
    Row("DELETE", "v1/invitations/<int:invitation_id>", of_owner(MANAGERS), "organisation", ok=204),
    Row("GET", "v1/keys", of_organisation(MANAGERS), "organisation"),
    Row("POST", "v1/keys", of_organisation(MANAGERS), "organisation", {"name": "mine"}, 201),
    Row("POST", "v1/keys/<int:key_id>/rotate", of_owner(MANAGERS), "organisation", {}),
    Row("POST", "v1/keys/<int:key_id>/revoke", of_owner(MANAGERS), "organisation"),
    # users
    Row("GET", "v1/agreements", of_organisation(), "agreements"),
    Row("POST", "v1/agreements", of_organisation(EDITORS), "agreements", AGREE, 201),
    Row("GET", "v1/agreements/<uuid:agreement_id>", OF_ITS_CONSUMER, "agreements"),
    Row("POST", "v1/agreements/<uuid:agreement_id>/end", OF_ITS_CONSUMER, "agreements", {}),
    Row("POST", "v1/agreements/<uuid:agreement_id>/confirm", OF_ITS_CONSUMER, "agreements",
        {"policy_version": 1}, 409),
    Row("GET", "v1/account", of_organisation(), "account"),
    Row("GET", "v1/account/usage", of_organisation(), "account"),
    Row("GET", "v1/account/statement", of_organisation(), "account"),
    Row("GET", "v1/account/top-ups", of_organisation(), "account"),
    Row("POST", "v1/account/top-ups", of_organisation(TREASURERS), "account",
        {"amount_micro_usd": 1_000_000}, 201),
    Row("GET", "v1/account/top-ups/<uuid:top_up_id>", of_owner(), "account"),
    Row("GET", "v1/models", SIGNED_IN, "answers"),
    Row("GET", "v1/models/<path:slug>", SIGNED_IN, "answers"),
    Row("POST", "v1/chat/completions", of_organisation(), "answers", {}, 422),
    Row("POST", "v1/completions", of_organisation(), "answers", {}, 422),
    Row("POST", "v1/classify", of_organisation(), "answers", {}, 422),
    Row("POST", "v1/plan", of_organisation(), "plan", {}, 422),
    Row("GET", "v1/receipts", of_organisation(), "receipts"),
    Row("GET", "v1/receipts/<uuid:receipt_id>", OF_THE_RECEIPT, "receipts"),
    Row("GET", "v1/receipts/<uuid:receipt_id>/jws", OF_ITS_BUYER, "receipts"),
    Row("GET", "v1/receipts/<uuid:receipt_id>/tokens", OF_ITS_BUYER, "receipts", ok=409),
    Row("POST", "v1/receipts/<uuid:receipt_id>/attribution", OF_ITS_BUYER, "receipts",
        {"sets": [["alpine-plants"]]}, 409),
    Row("POST", "v1/receipts/<uuid:receipt_id>/total-effect", OF_ITS_BUYER, "answers",
        {"source": "alpine-plants"}, 409),
    Row("POST", "v1/receipts/<uuid:receipt_id>/verify", OF_THE_RECEIPT, "receipts"),
)  # fmt: skip
