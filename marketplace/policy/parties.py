"""The names by which a policy knows a consumer: a slug, `group:<slug>` or `domain:<example.org>`."""

import re

from marketplace.policy.odrl.terms import Term
from marketplace.policy.odrl.values import Named
from marketplace.policy.purposes import ANY
from marketplace.policy.request import Request

GROUP, DOMAIN = "group:", "domain:"
_SLUG = r"[a-z0-9_-]{1,64}"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PARTY = re.compile(rf"{_SLUG}|{GROUP}{_SLUG}|{DOMAIN}(?=.{{1,253}}$)(?:{_LABEL}\.)+{_LABEL}")

UNDISCLOSED = "undisclosed:"  # stands for names in what is shown to others; no policy can have it
ODRL_NAMES = Named(
    {"": "abc-organisation:", GROUP: "abc-group:", DOMAIN: "abc-domain:"},
    {ANY: "abc:anyone", UNDISCLOSED: "abc:undisclosed"},
)
ODRL_WORDS = (
    Term("anyone", "RightOperand", "As recipient, beside others: every organisation."),
    Term("undisclosed", "RightOperand", "Stands for names that only the owner's copy of an offer has."),
)


def is_party(name: str) -> bool:
    """Whether it has the form of a name; whether somebody bears it is not known here."""
    return _PARTY.fullmatch(name) is not None


def is_slug(name: str) -> bool:
    return re.fullmatch(_SLUG, name) is not None


def names_of(request: Request) -> frozenset[str]:
    """Every name of the one who asks."""
    return frozenset((request.consumer, *(GROUP + one for one in request.groups),
                      *(DOMAIN + one for one in request.domains)))  # fmt: skip


def names_above(request: Request) -> frozenset[str]:
    """The domains above its domains: who is denied by one of them is denied below it too."""
    parts = (domain.split(".") for domain in request.domains)
    return frozenset(DOMAIN + ".".join(labels[at:]) for labels in parts for at in range(1, len(labels)))


def name_of(party: str) -> str:
    """How the party stands in a sentence."""
    if party == UNDISCLOSED:
        return "those whom its owner has named"
    if party.startswith(GROUP):
        return f"the group '{party.removeprefix(GROUP)}'"
    if party.startswith(DOMAIN):
        return f"the domain '{party.removeprefix(DOMAIN)}'"
    return f"the organisation '{party}'"
