"""What a person may do for an organisation: asked by every use case that writes, and by nothing else.

A platform operator (superuser) acts for every organisation; the audit says who it was.
"""

from collections.abc import Collection

from accounting.errors import PermissionDenied
from marketplace.models import Membership, Organisation, Role, User

MANAGERS = frozenset({Role.OWNER})
EDITORS = frozenset({Role.OWNER, Role.EDITOR})
TREASURERS = frozenset({Role.OWNER, Role.FINANCE})


def require_role(*, acting_user: User, organisation: Organisation, roles: Collection[Role]) -> None:
    """PermissionDenied unless the person holds one of `roles` there."""
    if acting_user.is_superuser and acting_user.is_active:
        return
    held = Membership.objects.filter(user=acting_user, organisation=organisation, role__in=roles)
    if not acting_user.is_active or not held.exists():
        raise PermissionDenied(
            f"This needs the role {' or '.join(sorted(roles))} in {organisation.name}.",
            next_step="Ask an owner of the organisation for that role.",
        )


def require_operator(acting_user: User) -> None:
    """PermissionDenied unless the person runs this market."""
    if not (acting_user.is_superuser and acting_user.is_active):
        raise PermissionDenied(
            "Only an operator of this market may do this.", next_step="Ask the operator to do it."
        )
