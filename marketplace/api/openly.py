"""Addresses that answer without a key what everybody may see, and with one what its organisation may see."""

from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from accounting.errors import PermissionDenied
from marketplace import scopes
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.models import ApiKey, Organisation


class OpenView(MarketView):
    permission_classes = [AllowAny]

    def organisation_of(self, request: Request) -> Organisation | None:
        """None: nobody in particular. A key without this view's scope opens no more than no key does."""
        if not request.user.is_authenticated:
            return None
        if isinstance(request.auth, ApiKey) and not scopes.allows(
            request.auth.scopes, scopes.needed(self.scope, str(request.method))
        ):
            return None
        try:
            return caller_of(request).organisation
        except PermissionDenied:  # signed in, but a member of no organisation
            return None
