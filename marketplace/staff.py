"""Who runs the market: staff roles are granted and revoked by operators, and an operator always remains.

Whoever holds a role may open the console (`is_staff`); what they may do there follows from the role alone.
"""

from datetime import datetime

from accounting import audit
from accounting.errors import Conflict, Invalid, NotFound
from accounting.writes import durable_write
from marketplace.models import Staff, StaffRole, User
from marketplace.roles import operators, require_operator


@durable_write
def grant(*, user: User, role: Staff, acting_user: User, now: datetime) -> StaffRole:
    """Give a person a staff role; one that is held already changes nothing."""
    require_operator(acting_user)
    if role not in Staff.values:
        raise Invalid(f"A staff role is one of {', '.join(Staff.values)}.", code="unknown_role")
    if not user.is_active:
        raise Invalid(f"{user} may not sign in, so a role would mean nothing.", code="inactive_person")
    before = _held(user)
    held, is_new = StaffRole.objects.get_or_create(user=user, role=role, defaults={"created_at": now})
    if is_new:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        _record("staff_role.granted", user, before, acting_user, now)
    return held


@durable_write
def revoke(*, user: User, role: Staff, acting_user: User, now: datetime) -> None:
    """Take a staff role back, from the next request on; the last operator keeps theirs."""
    require_operator(acting_user)
    lock_operators()
    before = _held(user)
    if not StaffRole.objects.filter(user=user, role=role).delete()[0]:
        raise NotFound(
            f"{user} does not hold the role {role}.",
            next_step="A superuser is an operator without a role: only another superuser can change that.",
        )
    check_operator_remains()
    if not user.is_superuser and not _held(user):
        User.objects.filter(pk=user.pk).update(is_staff=False)
    _record("staff_role.revoked", user, before, acting_user, now)


def lock_operators() -> None:
    """Whoever may make somebody less than an operator waits here for the other who does."""
    list(operators().select_for_update(no_key=True).order_by("pk").values_list("pk"))


def check_operator_remains() -> None:
    """Asked after the change and after the lock, so that it sees what others changed before."""
    if not operators().exists():
        raise Conflict(
            "This is the last operator of the market.",
            code="last_operator",
            next_step="Make somebody else an operator first.",
        )


def _held(user: User) -> list[str]:
    return sorted(StaffRole.objects.filter(user=user).values_list("role", flat=True))


def _record(action: str, user: User, before: list[str], acting_user: User, now: datetime) -> None:
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"user:{user.username}",
        before={"staff_roles": before}, after={"staff_roles": _held(user)}, now=now,
    )  # fmt: skip
