"""Organisations and their members: the beginning of everybody's way."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction

from accounting import accounts, audit
from accounting.errors import Conflict, Invalid
from accounting.models import AccountKind, Asset
from accounting.writes import durable_write
from marketplace import members
from marketplace.models import Membership, Organisation, Role, User
from marketplace.roles import MANAGERS, require_role


def create_organisation(
    *, slug: str, name: str, acting_user: User, now: datetime, is_platform: bool = False
) -> Organisation:
    """A new organisation with an empty wallet; who creates it becomes its owner."""
    check_slug(slug)
    try:
        with transaction.atomic(durable=True):
            wallet = accounts.open_account(
                asset=Asset.MICRO_USD, kind=AccountKind.WALLET, label=f"wallet of {slug}"
            )
            organisation = Organisation.objects.create(
                slug=slug, name=name, wallet_account_id=wallet.pk, is_platform=is_platform, created_at=now
            )
            Membership.objects.create(
                user=acting_user, organisation=organisation, role=Role.OWNER, created_at=now
            )
            audit.record(
                acting_user=acting_user.username, action="organisation.created",
                subject=f"organisation:{slug}", after={"name": name}, organisation_slug=slug, now=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict(f"The organisation '{slug}' exists already.", code="slug_taken") from error
    return organisation


@durable_write
def add_member(
    *, organisation: Organisation, user: User, role: Role, acting_user: User, now: datetime
) -> Membership:
    """Give a person a role; a person who has one already gets the new one instead."""
    organisation = members.locked(organisation)
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    before = Membership.objects.filter(user=user, organisation=organisation).first()
    membership, _ = Membership.objects.update_or_create(
        user=user,
        organisation=organisation,
        defaults={"role": role},
        create_defaults={"role": role, "created_at": now},
    )
    members.require_an_owner(organisation)
    members.record(
        "membership.set", user, organisation, before=before.role if before else None, after=role,
        acting_user=acting_user, now=now,
    )  # fmt: skip
    return membership


def check_slug(slug: str) -> None:
    """Slugs stand in addresses and receipts: short, lower-case, safe."""
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise Invalid(_SLUG_RULE, code="invalid_slug") from error
    if len(slug) > 64 or slug != slug.lower() or slug in RESERVED:
        raise Invalid(_SLUG_RULE, code="invalid_slug")


RESERVED = frozenset({"new"})  # the portal's own addresses
_SLUG_RULE = "A slug has at most 64 lower-case letters, digits, hyphens and underscores, and is not 'new'."
