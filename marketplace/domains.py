"""Domains of organisations: claimed by an owner, proved by a text in the DNS or by an operator's word.

Only who keeps a domain can publish a text under it. The address of a member proves nothing: whoever can read
one mailbox is not the institution. The name is asked before the transaction begins, never inside it.
"""

import secrets
from collections.abc import Callable, Collection
from datetime import datetime

import idna
from django.db import IntegrityError, transaction

from accounting import audit
from accounting.errors import Conflict, DomainError, Invalid, NotFound
from accounting.writes import durable_write
from marketplace.dns_texts import Unanswered
from marketplace.models import DomainClaim, Organisation, Proof, User, VerifiedDomain
from marketplace.roles import MANAGERS, require_operator, require_role

LABEL = "_deep-voting-market"
MARK = "deep-voting-market="
MOST_CLAIMS = 20
TextsOf = Callable[[str], Collection[str]]


class Unreachable(DomainError):
    code, status, title = "dns_unreachable", 503, "The DNS did not answer"


@durable_write
def claim(*, organisation: Organisation, domain: str, acting_user: User, now: datetime) -> DomainClaim:
    """What to publish where; claimed again, it is the same."""
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    domain = checked(domain)
    found = DomainClaim.objects.filter(organisation=organisation, domain=domain).first()
    if found is not None:
        return found
    if DomainClaim.objects.filter(organisation=organisation).count() >= MOST_CLAIMS:
        raise Conflict(f"An organisation claims at most {MOST_CLAIMS} domains.", code="too_many_claims")
    made = DomainClaim.objects.create(
        organisation=organisation, domain=domain, token=secrets.token_urlsafe(24), created_at=now
    )
    after = {"domain": domain}
    _record("domain.claimed", organisation, before=None, after=after, acting_user=acting_user, now=now)
    return made


def where(claimed: DomainClaim) -> str:
    """The name under which the text has to stand."""
    return f"{LABEL}.{claimed.domain}"


def what(claimed: DomainClaim) -> str:
    """The text that has to stand there."""
    return MARK + claimed.token


def prove(*, claimed: DomainClaim, texts_of: TextsOf, acting_user: User, now: datetime) -> VerifiedDomain:
    """The claim is proved if its text stands in the DNS now."""
    require_role(acting_user=acting_user, organisation=claimed.organisation, roles=MANAGERS)
    try:
        published = texts_of(where(claimed))
    except Unanswered as error:
        raise Unreachable(
            f"Nobody answered for {where(claimed)}.", next_step="Try again in a few minutes."
        ) from error
    if what(claimed) not in published:
        raise Conflict(
            f"The text is not published under {where(claimed)} yet.",
            code="not_published",
            next_step="A new record can take some hours to be seen everywhere: try again then.",
        )
    return _verified(claimed.organisation, claimed.domain, Proof.DNS, acting_user, now)


def confirm(*, organisation: Organisation, domain: str, acting_user: User, now: datetime) -> VerifiedDomain:
    """An operator has seen other proof."""
    require_operator(acting_user)
    return _verified(organisation, checked(domain), Proof.OPERATOR, acting_user, now)


@durable_write
def give_up(*, organisation: Organisation, domain: str, acting_user: User, now: datetime) -> None:
    """The domain counts no more, from the next question on; a claim of it is gone too."""
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    claims = DomainClaim.objects.filter(organisation=organisation, domain=domain).delete()[0]
    proofs = VerifiedDomain.objects.filter(organisation=organisation, domain=domain).delete()[0]
    if not claims and not proofs:
        raise NotFound(f"{organisation.name} has no domain '{domain[:100]}'.")
    before = {"domain": domain, "verified": bool(proofs)}
    _record("domain.given_up", organisation, before=before, after=None, acting_user=acting_user, now=now)


def checked(domain: str) -> str:
    """The domain in its ASCII form, or Invalid."""
    try:
        ascii_form = idna.encode(domain.strip().rstrip("."), uts46=True, std3_rules=True).decode()
    except idna.IDNAError as error:
        raise Invalid("That is not a domain name, like example.org.", code="invalid_domain") from error
    last = ascii_form.rpartition(".")[2]
    if "." not in ascii_form or last.isdigit():
        raise Invalid("That is not a domain name, like example.org.", code="invalid_domain")
    return ascii_form


def _verified(
    organisation: Organisation, domain: str, how: Proof, acting_user: User, now: datetime
) -> VerifiedDomain:
    """Durable; one organisation's at a time, whoever proves it."""
    held = VerifiedDomain.objects.filter(domain=domain).first()
    if held is not None and held.organisation_id == organisation.pk:
        return held
    try:
        with transaction.atomic(durable=True):
            made = VerifiedDomain.objects.create(
                organisation=organisation, domain=domain, how=how, verified_at=now
            )
            after = {"domain": domain, "how": str(how)}
            _record(
                "domain.verified", organisation, before=None, after=after, acting_user=acting_user, now=now
            )
    except IntegrityError as error:
        raise Conflict(
            f"{domain} is verified for another organisation.",
            code="domain_taken",
            next_step="Ask the operator of this market, who can sort it out.",
        ) from error
    return made


def _record(
    action: str,
    organisation: Organisation,
    *,
    before: object,
    after: object,
    acting_user: User,
    now: datetime,
) -> None:
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"organisation:{organisation.slug}",
        before=before, after=after, organisation_slug=organisation.slug, now=now,
    )  # fmt: skip
