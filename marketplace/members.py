"""The members of an organisation: roles change, people are removed or leave, and an owner always remains.

Every change waits for the organisation's row and counts the owners after it, so that two owners who remove
each other at once leave one. A person who is gone acts for it no more from the next request on, and the keys
that they issued are refused.
"""

from datetime import datetime

from django.db.models import QuerySet

from accounting import audit
from accounting.errors import Conflict, NotFound
from accounting.writes import durable_write
from marketplace.models import Membership, Organisation, Role, User
from marketplace.roles import MANAGERS, require_role


def of_organisation(organisation: Organisation) -> QuerySet[Membership]:
    return Membership.objects.filter(organisation=organisation).select_related("user").order_by("pk")


def one_of(*, organisation: Organisation, member_id: int) -> Membership:
    found = of_organisation(organisation).filter(pk=member_id).first()
    if found is None:
        raise NotFound("There is no such member of your organisation.")
    return found


@durable_write
def change_role(*, member: Membership, role: Role, acting_user: User, now: datetime) -> Membership:
    """The member holds `role` from the next request on."""
    organisation = locked(member.organisation)
    require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    before = one_of(organisation=organisation, member_id=member.pk)
    if before.role == role:
        return before
    Membership.objects.filter(pk=before.pk).update(role=role)
    require_an_owner(organisation)
    record(
        "membership.set", before.user, organisation, before=before.role, after=role,
        acting_user=acting_user, now=now,
    )  # fmt: skip
    before.role = role
    return before


@durable_write
def remove(*, member: Membership, acting_user: User, now: datetime) -> None:
    """The person is a member no more. Owners remove anybody; everybody may leave."""
    organisation = locked(member.organisation)
    if member.user_id != acting_user.pk:
        require_role(acting_user=acting_user, organisation=organisation, roles=MANAGERS)
    found = one_of(organisation=organisation, member_id=member.pk)
    Membership.objects.filter(pk=found.pk).delete()
    require_an_owner(organisation)
    record(
        "membership.ended", found.user, organisation, before=found.role, after=None,
        acting_user=acting_user, now=now,
    )  # fmt: skip


def locked(organisation: Organisation) -> Organisation:
    """The organisation's row, held to the end of the transaction."""
    return Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)


def require_an_owner(organisation: Organisation) -> None:
    """Asked after the change: somebody who may sign in still owns the organisation."""
    owners = Membership.objects.filter(organisation=organisation, role=Role.OWNER, user__is_active=True)
    if not owners.exists():
        raise Conflict(
            f"{organisation.name} would have no owner.",
            code="last_owner",
            next_step="Make somebody else an owner first.",
        )


def record(
    action: str,
    user: User,
    organisation: Organisation,
    *,
    before: str | None,
    after: str | None,
    acting_user: User,
    now: datetime,
) -> None:
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"user:{user.username}",
        before={"role": before} if before else None, after={"role": after} if after else None,
        organisation_slug=organisation.slug, now=now,
    )  # fmt: skip
