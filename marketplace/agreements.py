"""Agreements: asked for, approved, refused, confirmed and ended.

Where the policy asks for no approval, one is in force as soon as it is asked for, or made by the first answer
(`agreement_use`). What new terms do to agreements is `agreed_terms`'; who may vote is `admission`'s.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from django.db import IntegrityError, transaction

from accounting import audit
from accounting.errors import Conflict, DomainError, Forbidden, Invalid
from marketplace import agreement_rows, consumers, taking_effect
from marketplace.agreed_terms import needs_approval
from marketplace.agreement_rows import Terms, of_consumer, of_owner, one_of, open_one
from marketplace.agreement_use import in_force_for
from marketplace.models import (
    OPEN_AGREEMENTS,
    Agreement,
    AgreementState,
    Organisation,
    PolicyVersion,
    Side,
    Source,
    User,
)
from marketplace.parsed_policies import parsed
from marketplace.policy import purposes
from marketplace.policy.diff import Diff, diff
from marketplace.policy.request import Request
from marketplace.registration import lock
from marketplace.reviews import checked_reason
from marketplace.roles import EDITORS, require_role

__all__ = [
    "approve", "changes", "confirm", "decide", "end", "grant", "in_force_for", "of_consumer", "of_owner",
    "one_of", "refuse", "request",
]  # fmt: skip
Decision = Literal["approve", "refuse", "end"]
ASKED_AGAIN_AFTER = timedelta(days=1)  # an owner who refused is not asked the same every minute
LONGEST_STATEMENT = 1000
MOST_AT_ONCE = 100
FOR_GOOD = frozenset({"consumer", "purpose", "country"})  # rules that no approval can lift


def request(
    *,
    consumer: Organisation,
    source: Source,
    purpose: str,
    acting_user: User,
    now: datetime,
    statement: str = "",
) -> Agreement:
    """In force at once, or asked of the owner. One that is open for the purpose is answered again."""
    require_role(acting_user=acting_user, organisation=consumer, roles=EDITORS)
    statement = _checked(purpose, statement)
    try:
        with transaction.atomic(durable=True):
            locked = _with_policy(source, now)
            terms = Terms(locked, _policy(locked), consumer, purpose, statement)
            _check_possible(terms, now)
            asks, found = _asks_the_owner(terms), open_one(locked, consumer, purpose)
            if found is not None and not (asks and found.automatic):
                return found
            if found is not None:
                agreement_rows.close(
                    found, Side.CONSUMER, "Asked for anew.", acting_user=acting_user, now=now
                )
            if asks:
                _check_asking(terms, now)
                return agreement_rows.ask(terms, acting_user=acting_user, now=now)
            if locked.organisation_id == consumer.pk:
                return agreement_rows.make_approved(terms, acting_user=acting_user, now=now)
            return agreement_rows.make(terms, acting_user=acting_user, now=now)
    except IntegrityError:  # made by an answer at the same moment
        found = open_one(source, consumer, purpose)
        if found is None:
            raise
        return found


def grant(
    *,
    source: Source,
    consumer: Organisation,
    purpose: str,
    acting_user: User,
    now: datetime,
    statement: str = "",
) -> Agreement:
    """The owner approves of somebody without being asked: the way into a private source."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    statement = _checked(purpose, statement)
    with transaction.atomic(durable=True):
        locked = _with_policy(source, now)
        terms = Terms(locked, _policy(locked), consumer, purpose, statement)
        found = open_one(locked, consumer, purpose)
        if found is None:
            return agreement_rows.make_approved(terms, acting_user=acting_user, now=now)
        if found.state == AgreementState.REQUESTED or found.automatic:
            agreement_rows.approve(found, terms.version, acting_user=acting_user, now=now)
        return found


def approve(*, agreement: Agreement, acting_user: User, now: datetime) -> Agreement:
    """In force from the next answer on, under the policy in force."""
    require_role(acting_user=acting_user, organisation=agreement.source.organisation, roles=EDITORS)
    with transaction.atomic(durable=True):
        version = _policy(_with_policy(agreement.source, now))
        locked = agreement_rows.locked(agreement, AgreementState.REQUESTED)
        agreement_rows.approve(locked, version, acting_user=acting_user, now=now)
    return locked


def refuse(*, agreement: Agreement, reason: str, acting_user: User, now: datetime) -> Agreement:
    """The consumer reads the reason, and may ask again after a day."""
    require_role(acting_user=acting_user, organisation=agreement.source.organisation, roles=EDITORS)
    reason = checked_reason(reason)
    with transaction.atomic(durable=True):
        locked = agreement_rows.locked(agreement, AgreementState.REQUESTED)
        agreement_rows.refuse(locked, reason, acting_user=acting_user, now=now)
    return locked


def end(*, agreement: Agreement, side: Side, acting_user: User, now: datetime, reason: str = "") -> Agreement:
    """By either side; also takes a request back. Answers under way lose the source at their next token.

    After its owner ended one, no other is made by itself: the owner is asked.
    """
    organisation = agreement.consumer if side == Side.CONSUMER else agreement.source.organisation
    require_role(acting_user=acting_user, organisation=organisation, roles=EDITORS)
    reason = checked_reason(reason, needed=side == Side.OWNER)
    with transaction.atomic(durable=True):
        locked = agreement_rows.locked(agreement, *OPEN_AGREEMENTS)
        agreement_rows.close(locked, side, reason, acting_user=acting_user, now=now)
    return locked


@dataclass(frozen=True, slots=True)
class Failed:
    """One of many that could not be decided, and why."""

    agreement_id: UUID
    code: str
    detail: str


def decide(
    *,
    owner: Organisation,
    agreement_ids: Iterable[UUID],
    decision: Decision,
    reason: str,
    acting_user: User,
    now: datetime,
) -> tuple[list[Agreement], list[Failed]]:
    """Many requests for the owner's sources, each decided by itself: one that fails stops no other."""
    require_role(acting_user=acting_user, organisation=owner, roles=EDITORS)
    done: list[Agreement] = []
    failed: list[Failed] = []
    for agreement_id in dict.fromkeys(agreement_ids):
        try:
            agreement = one_of(of_owner(owner), agreement_id)
            done.append(_decide_one(agreement, decision, reason, acting_user, now))
        except DomainError as error:
            failed.append(Failed(agreement_id, error.code, error.detail))
    return done, failed


def confirm(*, agreement: Agreement, number: int, acting_user: User, now: datetime) -> Agreement:
    """The consumer takes the terms of a policy version: the one in force, or the one that is announced."""
    require_role(acting_user=acting_user, organisation=agreement.consumer, roles=EDITORS)
    with transaction.atomic(durable=True):
        source = _with_policy(agreement.source, now)
        locked = agreement_rows.locked(agreement, AgreementState.IN_FORCE)
        before = locked.policy_version.number
        if source.policy is not None and source.policy.number == number:
            locked.policy_version = source.policy
        elif source.next_policy is not None and source.next_policy.number == number:
            locked.confirmed_version = source.next_policy
        else:
            raise Conflict(
                f"Version {number} of the policy of '{source.slug}' is neither in force nor announced.",
                code="other_terms",
                next_step="Read the agreement again; it names the terms that can be confirmed.",
            )
        locked.save(update_fields=["policy_version", "confirmed_version"])
        audit.record(
            acting_user=acting_user.username, action="agreement.confirmed", subject=f"agreement:{locked.pk}",
            before={"policy": before}, after={"policy": number, "source": source.slug},
            organisation_slug=locked.consumer.slug, now=now,
        )  # fmt: skip
    return locked


def changes(agreement: Agreement, version: PolicyVersion) -> Diff:
    """What other terms would change for the two sides of an agreement."""
    return diff(agreement.policy_version.plain, version.plain)


def _decide_one(
    agreement: Agreement, decision: Decision, reason: str, acting_user: User, now: datetime
) -> Agreement:
    if decision == "approve":
        return approve(agreement=agreement, acting_user=acting_user, now=now)
    if decision == "refuse":
        return refuse(agreement=agreement, reason=reason, acting_user=acting_user, now=now)
    return end(agreement=agreement, side=Side.OWNER, reason=reason, acting_user=acting_user, now=now)


def _checked(purpose: str, statement: str) -> str:
    if not purposes.known(purpose):
        raise Invalid(
            f"The purpose '{purpose}' is not known.",
            code="unknown_purpose",
            next_step=f"Use one of {', '.join(purposes.PURPOSES)}.",
        )
    statement = statement.strip()
    if len(statement) > LONGEST_STATEMENT:
        raise Invalid(f"A statement has at most {LONGEST_STATEMENT} characters.", param="statement")
    return statement


def _with_policy(source: Source, now: datetime) -> Source:
    """Locked, with what was to take effect by now in force."""
    locked = lock(source)
    taking_effect.apply_due(locked, now=now)
    return locked


def _policy(source: Source) -> PolicyVersion:
    if source.policy is None:
        raise Conflict(
            f"'{source.slug}' has no policy in force, so there is nothing to agree to.",
            code="no_policy",
            next_step="Try again when its owner has published one.",
        )
    return source.policy


def _check_possible(terms: Terms, now: datetime) -> None:
    """Nobody waits for an approval that the policy makes useless."""
    facts = consumers.facts_of(terms.consumer)
    asked = Request(
        consumer=terms.consumer.slug, purpose=terms.purpose, now=now, mode="open", groups=facts.groups,
        domains=facts.domains, country=facts.country,
    )  # fmt: skip
    for step in parsed(terms.version).explain(asked):
        if step.outcome == "deny" and step.rule in FOR_GOOD:
            raise Forbidden(
                step.reason,
                next_step="Ask for a purpose that the policy allows, or ask its owner to change the policy.",
                rule=step.rule,
                source=terms.source.slug,
            )


def _asks_the_owner(terms: Terms) -> bool:
    """Its own organisation needs nobody's approval; somebody whose agreement the owner ended does."""
    if terms.source.organisation_id == terms.consumer.pk:
        return False
    ended = Agreement.objects.filter(source=terms.source, consumer=terms.consumer, ended_side=Side.OWNER)
    return needs_approval(terms.source, terms.version) or ended.exists()


def _check_asking(terms: Terms, now: datetime) -> None:
    if not terms.statement:
        raise Invalid(
            "The owner decides, so say in your own words what the source is needed for.",
            code="statement_needed",
            param="statement",
        )
    refused = Agreement.objects.filter(
        source=terms.source, consumer=terms.consumer, purpose=terms.purpose, state=AgreementState.REFUSED,
        decided_at__gt=now - ASKED_AGAIN_AFTER,
    ).first()  # fmt: skip
    if refused is not None:
        raise Conflict(
            f"The owner has just refused this: {refused.reason}",
            code="refused_recently",
            next_step="Ask again a day after the refusal, with what the owner missed.",
        )
