"""The demo's people and sources, made through the use cases; what exists already is found again.

Passwords and API keys are random; they stand in var/demo.json only (mode 0600), as the database keeps hashes.
"""

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime

from accounting import wallets
from marketplace import access, organisations, publishing, registration
from marketplace.models import Membership, Organisation, Source, User
from marketplace.texts import Upload
from workers.demo.cast import BUYER, OPERATOR_USERNAME, PURPOSE, TOP_UP_MICRO_USD, Owner
from workers.demo.notes import Notes

DEMO = uuid.UUID("6f3c2f6e-8f0b-4d0c-9a53-0d8a1a6d5a11")  # the demo's operations derive their ids from it


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation with the person who acts for it and a working API key."""

    organisation: Organisation
    user: User
    api_key: str


def operator(*, notes: Notes) -> User:
    """The person of the console, who also tops wallets up."""
    user = _person(OPERATOR_USERNAME, notes=notes)
    if not user.is_superuser:
        User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
        user.refresh_from_db()
    return user


def party(*, slug: str, name: str, notes: Notes, now: datetime, purpose: str = "") -> Party:
    """The organisation `slug`, its person of the same name, and a key that works."""
    user = _person(slug, notes=notes)
    organisation = Organisation.objects.filter(slug=slug).first()
    if organisation is None:
        organisation = organisations.create_organisation(slug=slug, name=name, acting_user=user, now=now)
    elif not Membership.objects.filter(user=user, organisation=organisation).exists():
        raise LookupError(f"The organisation '{slug}' is not the demo's: it has no member '{user.username}'.")
    plain = notes.api_keys.get(slug, "")
    if not plain or access.authenticate(plain, now=now) is None:
        _, plain = access.issue_key(
            organisation=organisation, name="demo", acting_user=user, now=now, default_purpose=purpose
        )
        notes.api_keys[slug] = plain
    return Party(organisation=organisation, user=user, api_key=plain)


def buyer(*, notes: Notes, acting_user: User, now: datetime) -> Party:
    """The buyer, with a wallet that the operator has topped up once."""
    found = party(slug=BUYER[0], name=BUYER[1], notes=notes, now=now, purpose=PURPOSE)
    wallets.top_up(
        wallet_id=found.organisation.wallet_account_id,
        amount_micro_usd=TOP_UP_MICRO_USD,
        operation_id=uuid.uuid5(DEMO, "the buyer's first top-up"),
        acting_user_label=acting_user.username,
        now=now,
    )
    return found


def source(*, owner: Owner, acting: Party, now: datetime) -> Source:
    """The owner's source with its documents and its policy in force."""
    found = Source.objects.filter(slug=owner.source, organisation=acting.organisation).first()
    if found is None:
        found = registration.register_source(
            organisation=acting.organisation,
            slug=owner.source,
            title=owner.title,
            description=owner.description,
            license=owner.license,
            acting_user=acting.user,
            now=now,
        )
    uploads = _new_documents(found, owner)
    if uploads:
        registration.add_documents(source=found, uploads=uploads, acting_user=acting.user, now=now)
    publishing.publish_policy(source=found, plain=owner.policy, acting_user=acting.user, now=now)
    found.refresh_from_db()
    return found


def _new_documents(found: Source, owner: Owner) -> list[Upload]:
    """What the source does not hold yet; documents that are gone from the owner's text stay."""
    newest = registration.newest_version(found)
    held = set(newest.documents.values_list("digest", flat=True)) if newest else set()
    uploads = {
        hashlib.sha256(content).hexdigest(): Upload(name, content) for name, content in owner.documents()
    }
    return [upload for digest, upload in uploads.items() if digest not in held]


def _person(username: str, *, notes: Notes) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User.objects.create_user(username=username)
    password = notes.passwords.get(username)
    if password is None or not user.check_password(password):
        notes.passwords[username] = secrets.token_urlsafe(9)
        user.set_password(notes.passwords[username])
        user.save(update_fields=["password"])
    return user
