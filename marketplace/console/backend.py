"""Answers Django's question "has this person the permission" from the one table of duties.

Signing in stays Django's. Permissions in Django's own tables, given to a person or to a permission group,
count for nothing: who may do what stands in `duties` alone.
"""

from typing import Any

from marketplace.console.duties import duties_of
from marketplace.models import User
from marketplace.sign_in import LimitedBackend


class StaffBackend(LimitedBackend):
    def get_user_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if obj is not None or not isinstance(user_obj, User):
            return set()
        return set(duties_of(user_obj))

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()
