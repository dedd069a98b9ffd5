"""/v1/sources/{slug}/rights: what uploaded texts say about their own use, and the owner's word on it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import registration
from marketplace.api.base import MarketView
from marketplace.api.caller import caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.rows import PolicyOut
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.models import RightsDecision, RightsFinding, RightsReading
from marketplace.rights import adopting, confirming
from marketplace.rights.against_policy import differences
from marketplace.visibility import own_source

PLACES_SHOWN = 20
DECISIONS = [RightsDecision.APPLIES.value, RightsDecision.DOES_NOT_APPLY.value]


class PlaceInTextOut(serializers.Serializer[Any]):
    document = serializers.CharField()
    line = serializers.IntegerField(help_text="the first line that states it, counted from 1")


class FindingOut(serializers.ModelSerializer[RightsFinding]):
    """One term that texts of the newest version state about their own use."""

    documents = serializers.SerializerMethodField(help_text="how many documents state it")
    places = serializers.SerializerMethodField(help_text=f"the first {PLACES_SHOWN} of them")
    against_policy = serializers.SerializerMethodField(
        help_text="what the policy in force allows although this term does not"
    )
    decided_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)

    class Meta:
        model = RightsFinding
        fields = [
            "id", "vocabulary", "statement", "verdict", "sentence", "draft", "forbids_training", "documents",
            "places", "against_policy", "decision", "note", "decided_by", "decided_at",
        ]  # fmt: skip

    def get_documents(self, finding: RightsFinding) -> int:
        return len(finding.places)

    @extend_schema_field(PlaceInTextOut(many=True))
    def get_places(self, finding: RightsFinding) -> list[dict[str, Any]]:
        return [{"document": one["document"], "line": one["line"]} for one in finding.places[:PLACES_SHOWN]]

    def get_against_policy(self, finding: RightsFinding) -> list[str]:
        policy = finding.reading.version.source.policy
        if policy is None or finding.decision == RightsDecision.DOES_NOT_APPLY:
            return []
        return differences(finding.draft, policy.plain)


class RightsPage(serializers.Serializer[Any]):
    """What stands beside the findings of a page."""

    version = serializers.IntegerField(allow_null=True, help_text="the newest version")
    read_at = serializers.DateTimeField(allow_null=True, help_text="null: not read yet; training reads it")
    waiting = serializers.IntegerField(help_text="findings that still wait; training starts at 0")
    draft_policy = serializers.DictField(
        allow_null=True,
        help_text="the policy in force, narrowed by the terms that apply; null: nothing to do",
    )


class ConfirmIn(StrictSerializer):
    findings = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=200
    )
    decision = serializers.ChoiceField(choices=DECISIONS)
    note = serializers.CharField(
        max_length=300, allow_blank=True, default="", help_text="needed for does_not_apply: why"
    )


class ConfirmedOut(serializers.Serializer[Any]):
    confirmed = FindingOut(many=True)
    waiting = serializers.IntegerField(help_text="findings that still wait; training starts at 0")


class Rights(MarketView):
    @extend_schema(
        summary="What uploaded texts say about their own use",
        description="AIPREF Content-Usage and RSL terms in the newest version. Training waits until each is "
        "confirmed.",
        parameters=MarketView.page_parameters,
        responses={200: paged(FindingOut, "Finding", RightsPage), **problems(404)},
    )
    def get(self, request: Request, slug: str) -> Response:
        source = own_source(organisation=caller_of(request).organisation, slug=slug)
        version = registration.newest_version(source)
        reading = RightsReading.objects.filter(version=version).first() if version else None
        rows = RightsFinding.objects.filter(reading=reading).select_related(
            "decided_by", "reading__version__source__policy"
        )
        return page(
            request=request, view=self, rows=rows, serializer=FindingOut, ordering="pk",
            draft_policy=adopting.draft_policy(source=source, now=timezone.now()),
            version=version.number if version else None, read_at=reading.read_at if reading else None,
            waiting=rows.filter(decision=RightsDecision.OPEN).count(),
        )  # fmt: skip


class ConfirmRights(MarketView):
    @extend_schema(
        summary="Say whether terms apply",
        description="`applies` or `does_not_apply` (with a reason) for findings of the newest version, all "
        "or none. A term that applies and forbids training keeps the version from being trained.",
        request=ConfirmIn,
        responses={200: ConfirmedOut, **problems(400, 403, 404, 409, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        wish = self.body(request, ConfirmIn)
        rows = confirming.confirm(source=source, acting_user=caller.user, now=timezone.now(), **wish)
        reading = rows[0].reading
        waiting = reading.findings.filter(decision=RightsDecision.OPEN).count()
        return Response({"confirmed": FindingOut(rows, many=True).data, "waiting": waiting})


class AdoptRights(MarketView):
    write_scope = "policies:write"

    @extend_schema(
        summary="Publish the policy narrowed by the terms that apply",
        description="`draft_policy` of `/rights` as the next version. A policy that allows no more than they "
        "do is answered as it is.",
        request=None,
        responses={200: PolicyOut, **problems(403, 404, 409, 422)},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller = caller_of(request)
        source = own_source(organisation=caller.organisation, slug=slug)
        version = adopting.adopt(source=source, acting_user=caller.user, now=timezone.now())
        return Response(PolicyOut(version).data)
