"""Who calls: a person, the organisation they act for, and the key they showed, if any.

A key names its organisation. Somebody signed in acts for their only organisation, or for the one that the
header `X-Organisation` names among theirs.
"""

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounting.errors import Invalid, NotFound, PermissionDenied
from marketplace import scopes
from marketplace.models import ApiKey, Organisation, User
from marketplace.visibility import not_found

R = TypeVar("R", bound=Model)


@dataclass(frozen=True, slots=True)
class Caller:
    user: User
    organisation: Organisation
    api_key: ApiKey | None

    def own_only(self, rows: QuerySet[R], slug: str) -> QuerySet[R]:
        """Of `rows`, those of the sources that the key is for; `slug` is the path to a source's slug."""
        if self.api_key is None or not self.api_key.source_slugs:
            return rows
        return rows.filter(**{f"{slug}__in": self.api_key.source_slugs})

    def require_all_sources(self) -> None:
        """PermissionDenied for a key of some sources where the answer would speak of all."""
        if self.api_key is not None and self.api_key.source_slugs:
            raise PermissionDenied(
                "This key is for some sources only, and this is about all of the organisation's.",
                code="limited_key",
                next_step="Ask for one of its sources, or use a key that is not limited to sources.",
            )


def refuse_other_sources(request: Request, slug: str) -> None:
    """To a key of some sources the others do not exist."""
    key = request.auth
    if isinstance(key, ApiKey) and key.source_slugs and slug not in key.source_slugs:
        raise not_found(slug)


def caller_of(request: Request) -> Caller:
    """The caller of an authenticated request."""
    user = request.user
    assert isinstance(user, User)
    if isinstance(request.auth, ApiKey):
        return Caller(user, request.auth.organisation, request.auth)
    return Caller(user, _chosen_organisation(user, request.headers.get("X-Organisation", "")), None)


def _chosen_organisation(user: User, slug: str) -> Organisation:
    own = list(Organisation.objects.filter(memberships__user=user).order_by("slug"))
    if slug:
        own = [one for one in own if one.slug == slug]
        if not own:
            raise NotFound(f"You have no organisation '{slug}'.")
    if not own:
        raise PermissionDenied("You belong to no organisation yet.", next_step="Ask its owner to add you.")
    if len(own) > 1:
        raise Invalid(
            "You belong to several organisations.",
            code="which_organisation",
            next_step=f"Name one in the header X-Organisation: {', '.join(one.slug for one in own)}.",
        )
    return own[0]


class HasScope(BasePermission):
    """A key needs the scope that the view names in `scope`; somebody signed in is judged by role alone."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        scope = _scope_of(view, str(request.method))
        if isinstance(request.auth, ApiKey) and scope and not scopes.allows(request.auth.scopes, scope):
            raise PermissionDenied(
                f"This key does not have the scope '{scope}'.",
                next_step="Use a key that has it; an owner of the organisation issues one.",
                scope=scope,
            )
        return True


def _scope_of(view: APIView, method: str) -> str:
    named: str = getattr(view, "scope", "")
    if method not in scopes.READING:
        named = getattr(view, "write_scope", "") or named
    return scopes.needed(named, method)
