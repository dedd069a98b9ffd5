"""Policies to start from: kept by policy reviewers, validated like every policy, copied by owners.

A template is never in force anywhere; using one fills the editor, nothing more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounting import audit
from accounting.errors import Conflict, Invalid, NotFound
from marketplace.models import PolicyTemplate, User
from marketplace.organisations import check_slug
from marketplace.publishing import read_policy
from marketplace.roles import REVIEWERS, require_staff


def offered() -> QuerySet[PolicyTemplate]:
    """What owners may start from, in the order that reviewers chose."""
    return PolicyTemplate.objects.filter(active=True).order_by("order", "slug")


def offered_one(slug: str) -> PolicyTemplate:
    found = offered().filter(slug=slug).first()
    if found is None:
        raise NotFound(
            f"There is no policy template '{slug}'.", next_step="GET /v1/policy-templates lists them."
        )
    return found


def create(
    *,
    slug: str,
    title: str,
    description: str,
    plain: Mapping[str, Any],
    acting_user: User,
    now: datetime,
    active: bool = True,
    order: int = 100,
) -> PolicyTemplate:
    """A new template; its policy is parsed as a published one would be."""
    require_staff(acting_user, REVIEWERS)
    check_slug(slug)
    _check(title, description, plain)
    try:
        with transaction.atomic(durable=True):
            made = PolicyTemplate.objects.create(
                slug=slug, title=title, description=description, plain=dict(plain), active=active, order=order
            )
            _audit("created", made, None, acting_user, now)
    except IntegrityError as error:
        raise Conflict(f"The template '{slug}' exists already.", code="slug_taken") from error
    return made


def change(
    *,
    template: PolicyTemplate,
    title: str,
    description: str,
    plain: Mapping[str, Any],
    active: bool,
    order: int,
    acting_user: User,
    now: datetime,
) -> PolicyTemplate:
    """Change everything but its short name. Sources that started from it stay as they are."""
    require_staff(acting_user, REVIEWERS)
    _check(title, description, plain)
    with transaction.atomic(durable=True):
        locked = PolicyTemplate.objects.select_for_update().get(pk=template.pk)
        before = _said(locked)
        locked.title, locked.description, locked.plain = title, description, dict(plain)
        locked.active, locked.order = active, order
        if _said(locked) != before:
            locked.save()
            _audit("changed", locked, before, acting_user, now)
    return locked


def delete(*, template: PolicyTemplate, acting_user: User, now: datetime) -> None:
    """Nothing refers to a template, so it may go; its content stays in the audit log."""
    require_staff(acting_user, REVIEWERS)
    with transaction.atomic(durable=True):
        locked = PolicyTemplate.objects.select_for_update().get(pk=template.pk)
        audit.record(
            acting_user=acting_user.username, action="policy_template.deleted",
            subject=f"policy_template:{locked.slug}", before=_said(locked), now=now,
        )  # fmt: skip
        locked.delete()


def _check(title: str, description: str, plain: Mapping[str, Any]) -> None:
    if not title.strip() or not description.strip():
        raise Invalid("A template has a title and a description, for owners to choose by.")
    read_policy(plain)


def _said(template: PolicyTemplate) -> dict[str, Any]:
    names = ("title", "description", "plain", "active", "order")
    return {name: getattr(template, name) for name in names}


def _audit(
    what: str, template: PolicyTemplate, before: dict[str, Any] | None, acting_user: User, now: datetime
) -> None:
    audit.record(
        acting_user=acting_user.username, action=f"policy_template.{what}",
        subject=f"policy_template:{template.slug}", before=before, after=_said(template), now=now,
    )  # fmt: skip
