"""/v1/members and /v1/invitations: who acts for the organisation, and who is asked to."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import invitations, members
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.models import Invitation, Membership, Role
from marketplace.roles import MANAGERS, require_role

ACCEPTED_AT = "/invitations/"  # the portal's page, up to the token


class MemberOut(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username")
    since = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ["id", "username", "role", "since"]


class RoleIn(StrictSerializer):
    role = serializers.ChoiceField(choices=Role.choices)


class InvitationOut(serializers.ModelSerializer[Invitation]):
    invited_by = serializers.CharField(source="invited_by.username")

    class Meta:
        model = Invitation
        fields = ["id", "email", "role", "invited_by", "created_at", "expires_at"]


class NewInvitationOut(InvitationOut):
    """With the link, once."""

    link = serializers.URLField(help_text="where it is accepted; in this reply and in the letter only")

    class Meta(InvitationOut.Meta):
        fields = [*InvitationOut.Meta.fields, "link"]


class InvitationIn(RoleIn):
    email = serializers.EmailField()


class Members(MarketView):
    scope = "organisation"

    @extend_schema(
        operation_id="members_list",
        summary="The organisation's members and their roles",
        parameters=MarketView.page_parameters,
        responses={200: paged(MemberOut, "Member"), **problems(403)},
    )
    def get(self, request: Request) -> Response:
        rows = members.of_organisation(caller_of(request).organisation)
        return page(request=request, view=self, rows=rows, serializer=MemberOut, ordering="pk")


class OneMember(MarketView):
    scope = "organisation"

    @extend_schema(
        summary="Change a member's role",
        request=RoleIn,
        responses={200: MemberOut, **problems(400, 403, 404, 409, 422)},
    )
    def patch(self, request: Request, member_id: int) -> Response:
        caller = caller_of(request)
        changed = members.change_role(
            member=members.one_of(organisation=caller.organisation, member_id=member_id),
            role=Role(self.body(request, RoleIn)["role"]),
            acting_user=caller.user,
            now=timezone.now(),
        )
        return Response(MemberOut(changed).data)

    @extend_schema(summary="Remove a member, or leave", responses={204: None, **problems(403, 404, 409)})
    def delete(self, request: Request, member_id: int) -> Response:
        caller = caller_of(request)
        member = members.one_of(organisation=caller.organisation, member_id=member_id)
        members.remove(member=member, acting_user=caller.user, now=timezone.now())
        return Response(status=204)


class Invitations(MarketView):
    scope = "organisation"

    @extend_schema(
        operation_id="invitations_list",
        summary="Invitations that wait to be accepted, newest first",
        parameters=MarketView.page_parameters,
        responses={200: paged(InvitationOut, "Invitation"), **problems(403)},
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        require_role(acting_user=caller.user, organisation=caller.organisation, roles=MANAGERS)
        rows = invitations.waiting(caller.organisation, now=timezone.now())
        return page(request=request, view=self, rows=rows, serializer=InvitationOut)

    @extend_schema(
        summary="Invite somebody by e-mail",
        description="`link` works once, for 7 days; an earlier invitation to the same address is revoked.",
        request=InvitationIn,
        responses={201: NewInvitationOut, **problems(400, 403, 422)},
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        wish = self.body(request, InvitationIn)
        link = request.build_absolute_uri(ACCEPTED_AT)
        invitation, token = invitations.invite(
            organisation=caller.organisation, email=wish["email"], role=Role(wish["role"]), link=link,
            acting_user=caller.user, now=timezone.now(),
        )  # fmt: skip
        told: dict[str, Any] = {**InvitationOut(invitation).data, "link": link + token}
        return Response(told, status=201, headers={"Cache-Control": "no-store"})


class OneInvitation(MarketView):
    scope = "organisation"

    @extend_schema(summary="Take an invitation back", responses={204: None, **problems(403, 404)})
    def delete(self, request: Request, invitation_id: int) -> Response:
        caller = caller_of(request)
        invitation = invitations.one_of(organisation=caller.organisation, invitation_id=invitation_id)
        invitations.revoke(invitation=invitation, acting_user=caller.user, now=timezone.now())
        return Response(status=204)
