"""/v1/keys: the organisation's API keys: list, issue, rotate, revoke. For owners, in person or by a key.

A secret is in one reply and kept nowhere, so these replies are not kept for repeated requests either: the
same Idempotency-Key issues or rotates again.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import NotFound
from marketplace import access, key_limits, key_rotation, scopes
from marketplace.api.base import MarketView
from marketplace.api.caller import Caller, caller_of
from marketplace.api.pagination import page
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.models import ApiKey
from marketplace.policy import purposes
from marketplace.roles import MANAGERS, require_role

OVERLAP_HOURS = int(key_rotation.LONGEST_OVERLAP.total_seconds() // 3600)
PURPOSES = tuple(purposes.PURPOSES)
SHOWN_ONCE = (
    "`secret` is in this reply and nowhere else: it is not kept, and `Idempotency-Key` does not repeat it."
)


class ManagedKeyOut(serializers.ModelSerializer[ApiKey]):
    """A key without its secret. Null and empty limits mean: not limited there."""

    issued_by = serializers.CharField(source="created_by.username")
    previous_secret_works_until = serializers.DateTimeField(source="previous_until", allow_null=True)

    class Meta:
        model = ApiKey
        fields = [
            "id", "name", "prefix", "scopes", "source_slugs", "purposes", "default_purpose",
            "spend_cap_micro_usd", "daily_cap_micro_usd", "issued_by", "created_at", "expires_at",
            "revoked_at", "last_used_at", "secret_number", "rotated_at",
            "previous_secret_works_until", "previous_used_at",
        ]  # fmt: skip


class NewSecretOut(ManagedKeyOut):
    """With the secret, once."""

    secret = serializers.CharField(help_text="the key as programs show it; in this reply only")

    class Meta(ManagedKeyOut.Meta):
        fields = [*ManagedKeyOut.Meta.fields, "secret"]


class KeyIn(StrictSerializer):
    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(scopes.SCOPES)), default=list(scopes.USUAL)
    )
    source_slugs = serializers.ListField(
        child=serializers.SlugField(max_length=64), default=list, help_text="empty: every source"
    )
    purposes = serializers.ListField(
        child=serializers.ChoiceField(choices=PURPOSES), default=list, help_text="empty: every purpose"
    )
    default_purpose = serializers.ChoiceField(choices=PURPOSES, allow_blank=True, default="")
    spend_cap_micro_usd = serializers.IntegerField(allow_null=True, min_value=0, default=None)
    daily_cap_micro_usd = serializers.IntegerField(allow_null=True, min_value=0, default=None)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)


class RotateIn(StrictSerializer):
    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=OVERLAP_HOURS,
        default=24,
        help_text="how long the secret before works on; 0 ends every older one at once",
    )


class Keys(MarketView):
    scope = "organisation"

    @extend_schema(
        operation_id="keys_list",
        summary="The organisation's API keys, newest first",
        parameters=MarketView.page_parameters,
        responses={200: paged(ManagedKeyOut, "ManagedKey"), **problems(403)},
    )
    def get(self, request: Request) -> Response:
        caller = _manager(request)
        rows = ApiKey.objects.filter(organisation=caller.organisation).select_related("created_by")
        return page(request=request, view=self, rows=rows, serializer=ManagedKeyOut)

    @extend_schema(
        summary="Issue an API key",
        description=SHOWN_ONCE,
        request=KeyIn,
        responses={201: NewSecretOut, **problems(400, 403, 422)},
    )
    def post(self, request: Request) -> Response:
        caller = _manager(request)
        wish = self.body(request, KeyIn)
        key_limits.require_no_more_than(caller.api_key, wish["scopes"])
        key, secret = access.issue_key(
            organisation=caller.organisation, acting_user=caller.user, now=timezone.now(), **wish
        )
        return _shown_once(key, secret, status=201)


class RotateKey(MarketView):
    scope = "organisation"

    @extend_schema(
        summary="Give a key a new secret; the one before works on for a while",
        description=SHOWN_ONCE,
        request=RotateIn,
        responses={200: NewSecretOut, **problems(400, 403, 404, 409, 422)},
    )
    def post(self, request: Request, key_id: int) -> Response:
        caller = _manager(request)
        key = _own(caller, key_id)
        overlap = timedelta(hours=self.body(request, RotateIn)["overlap_hours"])
        key_limits.require_no_more_than(caller.api_key, key.scopes)
        rotated, secret = key_rotation.rotate(
            key=key, overlap=overlap, acting_user=caller.user, now=timezone.now()
        )
        return _shown_once(rotated, secret, status=200)


class RevokeKey(MarketView):
    scope = "organisation"

    @extend_schema(
        summary="Revoke a key, with every secret of it, at once and for good",
        request=None,
        responses={200: ManagedKeyOut, **problems(403, 404)},
    )
    def post(self, request: Request, key_id: int) -> Response:
        caller = _manager(request)
        key = _own(caller, key_id)
        access.revoke_key(key=key, acting_user=caller.user, now=timezone.now())
        key.refresh_from_db()
        return Response(ManagedKeyOut(key).data)


def _manager(request: Request) -> Caller:
    """Keys are the business of owners, reading them too."""
    caller = caller_of(request)
    require_role(acting_user=caller.user, organisation=caller.organisation, roles=MANAGERS)
    return caller


def _own(caller: Caller, key_id: int) -> ApiKey:
    own = ApiKey.objects.filter(organisation=caller.organisation, pk=key_id)
    key = own.select_related("organisation", "created_by").first()
    if key is None:
        raise NotFound(f"There is no key {key_id} that you may know of.")
    return key


def _shown_once(key: ApiKey, secret: str, *, status: int) -> Response:
    told: dict[str, Any] = {**ManagedKeyOut(key).data, "secret": secret}
    return Response(told, status=status, headers={"Cache-Control": "no-store"})
