"""What a person may do for an organisation, and in running the market: asked by every use case that writes.

An operator acts for every organisation; the audit says who it was. A person who is not active may nothing.
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounting.errors import PermissionDenied
from marketplace.models import Membership, Organisation, Role, Staff, StaffRole, User

MANAGERS = frozenset({Role.OWNER})
EDITORS = frozenset({Role.OWNER, Role.EDITOR})
TREASURERS = frozenset({Role.OWNER, Role.FINANCE})

OPERATORS = frozenset({Staff.OPERATOR})
REVIEWERS = frozenset({Staff.OPERATOR, Staff.POLICY_REVIEWER})
BOOKKEEPERS = frozenset({Staff.OPERATOR, Staff.FINANCE})
ALL_STAFF = frozenset(Staff)


def require_role(*, acting_user: User, organisation: Organisation, roles: Collection[Role]) -> None:
    """PermissionDenied unless the person holds one of `roles` there, or is an operator."""
    if not has_role(acting_user, organisation, roles) and not has_staff_role(acting_user, OPERATORS):
        raise PermissionDenied(
            f"This needs the role {' or '.join(sorted(roles))} in {organisation.name}.",
            next_step="Ask an owner of the organisation for that role.",
        )


def has_role(user: User, organisation: Organisation, roles: Collection[Role]) -> bool:
    """Whether the person is an active member with one of `roles`; operators have none of their own."""
    held = Membership.objects.filter(user=user, organisation=organisation, role__in=roles)
    return user.is_active and held.exists()


def require_staff(acting_user: User, roles: Collection[Staff]) -> None:
    """PermissionDenied unless the person holds one of the staff `roles`; an operator holds them all."""
    if not has_staff_role(acting_user, roles):
        raise PermissionDenied(
            f"Only {_in_words(roles)} of this market may do this.",
            next_step="Ask an operator to do it, or for that role.",
        )


def has_staff_role(user: User, roles: Collection[Staff]) -> bool:
    """An operator, who is a superuser or has the row, passes for every staff role."""
    if not user.is_active:
        return False
    if user.is_superuser:
        return True
    return StaffRole.objects.filter(user=user, role__in={*roles, Staff.OPERATOR}).exists()


def staff_roles_of(user: User) -> frozenset[Staff]:
    """The staff roles that the person holds, what an operator holds written out."""
    if not user.is_active:
        return frozenset()
    held = {Staff(role) for role in StaffRole.objects.filter(user=user).values_list("role", flat=True)}
    return ALL_STAFF if user.is_superuser or Staff.OPERATOR in held else frozenset(held)


def require_operator(acting_user: User) -> None:
    """PermissionDenied unless the person runs this market."""
    require_staff(acting_user, OPERATORS)


def operators() -> QuerySet[User]:
    """Everybody who runs this market and is active."""
    row = StaffRole.objects.filter(user=OuterRef("pk"), role=Staff.OPERATOR)
    return User.objects.filter(Q(is_superuser=True) | Exists(row), is_active=True)


def _in_words(roles: Collection[Staff]) -> str:
    names = [role.replace("_", " ") for role in Staff.values if role in roles]
    return " or ".join(f"an {name}" if name[0] in "ao" else f"a {name}" for name in names)
