"""Invitations: an owner names an address and a role; whoever gets the letter accepts once, in time.

The token is told once, to the inviting owner and in the letter; the database keeps its SHA-256. Accepting is
for somebody who is signed in, or makes an account on the way (the only way to make one oneself). It must not
tell strangers apart: a token that is unknown, used, revoked or too old is the same nothing.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounting import audit
from accounting.errors import Conflict, Invalid, NotFound, TooMany
from accounting.writes import durable_write
from marketplace import invitation_mail, members
from marketplace.models import Invitation, Membership, Organisation, Role, User
from marketplace.roles import MANAGERS, require_role

VALID_FOR = timedelta(days=7)
AN_HOUR = timedelta(hours=1)
MOST_AN_HOUR = 30  # of one organisation, so that nobody writes to the world through us


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What somebody chooses who has no account yet; the address is that of the invitation."""

    username: str
    password: str


def waiting(organisation: Organisation, *, now: datetime) -> QuerySet[Invitation]:
    """Not accepted, not revoked, not too old."""
    return _open(now).filter(organisation=organisation).select_related("invited_by")


def one_of(*, organisation: Organisation, invitation_id: int) -> Invitation:
    own = Invitation.objects.filter(organisation=organisation, pk=invitation_id)
    found = own.select_related("organisation", "invited_by").first()
    if found is None:
        raise NotFound("There is no such invitation of your organisation.")
    return found


@durable_write
def invite(
    *, organisation: Organisation, email: str, role: Role, acting_user: User, link: str, now: datetime
) -> tuple[Invitation, str]:
    """An invitation and its token; `link` is where it is accepted, up to the token. The letter follows.

    An earlier one to the same address that is still open is revoked: the newest letter counts.
    """
    organisation = members.locked(organisation)
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    email = _checked(email)
    _refuse_too_many(organisation, now)
    for earlier in _unused().filter(organisation=organisation, email=email):
        _revoke(earlier, acting_user, now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organisation=organisation, email=email, role=role, digest=_digest(token), invited_by=acting_user,
        created_at=now, expires_at=now + VALID_FOR,
    )  # fmt: skip
    _record("sent", invitation, before=None, after={"role": role}, acting_user=acting_user, now=now)
    transaction.on_commit(lambda: invitation_mail.send(invitation, link=link + token))
    return invitation, token


@durable_write
def revoke(*, invitation: Invitation, acting_user: User, now: datetime) -> None:
    """The letter is worth nothing from now on; one that was used or revoked stays as it is."""
    organisation = members.locked(invitation.organisation)
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    found = _unused().filter(pk=invitation.pk).select_related("organisation").first()
    if found is not None:
        _revoke(found, acting_user, now)


def find(token: str, *, now: datetime) -> Invitation:
    """The invitation behind a token, or NotFound, whatever is wrong with it."""
    invited = _open(now).filter(digest=_digest(token)).select_related("organisation", "invited_by").first()
    if invited is None:
        raise NotFound(
            "This invitation is not valid: it was used, taken back, or is too old.",
            next_step="Ask who invited you for a new one.",
        )
    return invited


@durable_write
def accept(*, token: str, acting_user: User, now: datetime) -> Membership:
    """Somebody who is signed in becomes a member in the role of the invitation."""
    invitation = find(token, now=now)
    organisation = members.locked(invitation.organisation)
    return _join(find(token, now=now), organisation, acting_user, now)


@durable_write
def accept_with_account(*, token: str, account: NewAccount, now: datetime) -> User:
    """A new person with an account, who is a member at once."""
    organisation = members.locked(find(token, now=now).organisation)
    invitation = find(token, now=now)  # nobody else can use it while the organisation's row is held
    person = _make_account(account, invitation.email, now)
    _join(invitation, organisation, person, now)
    return person


def _join(invitation: Invitation, organisation: Organisation, person: User, now: datetime) -> Membership:
    if Membership.objects.filter(user=person, organisation=organisation).exists():
        raise Conflict(
            f"You are a member of {organisation.name} already.",
            code="already_member",
            next_step="An owner can change your role; the invitation stays open for somebody else.",
        )
    membership = Membership.objects.create(
        user=person, organisation=organisation, role=invitation.role, created_at=now
    )
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now, accepted_by=person)
    after = {"open": False, "by": person.username}
    _record("accepted", invitation, before={"open": True}, after=after, acting_user=person, now=now)
    members.record(
        "membership.set", person, organisation, before=None, after=invitation.role,
        acting_user=person, now=now,
    )  # fmt: skip
    return membership


def _make_account(account: NewAccount, email: str, now: datetime) -> User:
    person = User(username=User.normalize_username(account.username), email=email)
    try:
        person.full_clean(exclude=["password"])
        validate_password(account.password, person)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), code="invalid_account") from error
    person.set_password(account.password)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:
        raise Conflict("That name is taken.", code="name_taken") from error
    audit.record(
        acting_user=person.username, action="user.signed_up", subject=f"user:{person.username}",
        after={"is_staff": False, "is_superuser": False}, now=now,
    )  # fmt: skip
    return person


def _unused() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at__isnull=True, revoked_at__isnull=True)


def _open(now: datetime) -> QuerySet[Invitation]:
    return _unused().filter(expires_at__gt=now)


def _checked(email: str) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("That is not an e-mail address.", code="invalid_email") from error
    return email


def _refuse_too_many(organisation: Organisation, now: datetime) -> None:
    recent = Invitation.objects.filter(organisation=organisation, created_at__gt=now - AN_HOUR).count()
    if recent >= MOST_AN_HOUR:
        raise TooMany(
            f"An organisation sends at most {MOST_AN_HOUR} invitations an hour.",
            next_step="Send the next ones later.",
            retry_after=int(AN_HOUR.total_seconds()),
        )


def _revoke(invitation: Invitation, acting_user: User, now: datetime) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(revoked_at=now)
    after = {"open": False}
    _record("revoked", invitation, before={"open": True}, after=after, acting_user=acting_user, now=now)


def _record(
    what: str,
    invitation: Invitation,
    *,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
    acting_user: User,
    now: datetime,
) -> None:
    """By number: an address is personal and does not belong into a log that is never changed."""
    audit.record(
        acting_user=acting_user.username, action=f"invitation.{what}",
        subject=f"invitation:{invitation.pk}", before=before, after=after,
        organisation_slug=invitation.organisation.slug, now=now,
    )  # fmt: skip


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
