"""/v1/agreements: what your organisation's use rests on; /v1/access-requests: who asks for your sources."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounting.errors import Invalid, NotFound
from marketplace import agreements, key_limits
from marketplace.api.base import MarketView
from marketplace.api.caller import Caller, caller_of
from marketplace.api.pagination import page
from marketplace.api.repeats import repeatable
from marketplace.api.rows import DiffOut
from marketplace.api.schema import StrictSerializer, paged, problems
from marketplace.models import Agreement, AgreementState, Organisation, Side
from marketplace.policy.purposes import PURPOSES
from marketplace.visibility import own_source, visible_source

STATE = OpenApiParameter("state", str, enum=AgreementState.values)
OF_SOURCE = OpenApiParameter("source", str, description="the slug of a source")
FILTERS = [STATE, OF_SOURCE, *MarketView.page_parameters]
DECISION_PROBLEMS = problems(400, 403, 404, 409, 422)


class AgreementOut(serializers.ModelSerializer[Agreement]):
    """A use of a source for a stated purpose, and the policy version that it is bound to."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.slug")  # type: ignore[assignment]
    consumer = serializers.CharField(source="consumer.slug")
    policy_version = serializers.IntegerField(source="policy_version.number")
    policy_digest = serializers.CharField(source="policy_version.digest")
    to_confirm = serializers.SerializerMethodField(
        help_text="terms that ask more than those agreed on: confirm them to go on; null: none"
    )

    class Meta:
        model = Agreement
        fields = [
            "id", "source", "consumer", "purpose", "statement", "state", "automatic", "policy_version",
            "policy_digest", "to_confirm", "requested_at", "decided_at", "ended_at", "ended_side", "reason",
        ]  # fmt: skip

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_to_confirm(self, agreement: Agreement) -> dict[str, Any] | None:
        version = agreement.to_confirm
        if version is None:
            return None
        changed = agreements.changes(agreement, version)
        return {
            "policy_version": version.number,
            "effective_at": version.effective_at,
            "diff": DiffOut(changed.as_json()).data,
        }


class AgreementIn(StrictSerializer):
    source = serializers.CharField(max_length=64)  # type: ignore[assignment]
    purpose = serializers.ChoiceField(choices=list(PURPOSES))
    statement = serializers.CharField(
        max_length=agreements.LONGEST_STATEMENT, allow_blank=True, default="",
        help_text="what it is needed for, in your words; the owner reads it where approval is needed",
    )  # fmt: skip


class GrantIn(StrictSerializer):
    consumer = serializers.CharField(max_length=64, help_text="the slug of an organisation")
    purpose = serializers.ChoiceField(choices=list(PURPOSES))
    statement = serializers.CharField(max_length=agreements.LONGEST_STATEMENT, allow_blank=True, default="")


class EndIn(StrictSerializer):
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class RefuseIn(StrictSerializer):
    reason = serializers.CharField(max_length=300, help_text="the consumer reads it")


class ConfirmIn(StrictSerializer):
    policy_version = serializers.IntegerField(help_text="the terms you have read: `to_confirm`")


class DecideIn(StrictSerializer):
    ids = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=agreements.MOST_AT_ONCE
    )
    decision = serializers.ChoiceField(choices=["approve", "refuse", "end"])
    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class FailedOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="agreement_id")
    code = serializers.CharField()
    detail = serializers.CharField()


class DecidedOut(serializers.Serializer[Any]):
    """Each was decided by itself; what failed stopped no other."""

    done = AgreementOut(many=True)
    failed = FailedOut(many=True)


class Agreements(MarketView):
    scope = "agreements"

    @extend_schema(
        operation_id="agreements_list",
        summary="What your organisation asked for, newest first",
        parameters=FILTERS,
        responses={200: paged(AgreementOut, "Agreement"), **problems(403, 422)},
    )
    def get(self, request: Request) -> Response:
        rows = _of_consumer(caller_of(request))
        return page(
            request=request, view=self, rows=_filtered(request, rows), serializer=AgreementOut, ordering="-id"
        )

    @extend_schema(
        summary="Ask for the use of a source, for a stated purpose",
        description="In force at once where its policy asks for no approval; else its owner decides.",
        request=AgreementIn,
        responses={201: AgreementOut, **DECISION_PROBLEMS},
    )
    @repeatable
    def post(self, request: Request) -> Response:
        caller, wish = caller_of(request), self.body(request, AgreementIn)
        key_limits.require_sources(caller.api_key, [wish["source"]])
        key_limits.require_purpose(caller.api_key, wish["purpose"])
        made = agreements.request(
            consumer=caller.organisation,
            source=visible_source(organisation=caller.organisation, slug=wish["source"]),
            purpose=wish["purpose"],
            statement=wish["statement"],
            acting_user=caller.user,
            now=timezone.now(),
        )
        found = agreements.one_of(_of_consumer(caller), made.pk)
        return Response(
            AgreementOut(found).data, status=201, headers={"Location": f"/v1/agreements/{made.pk}"}
        )


class OneAgreement(MarketView):
    scope = "agreements"

    @extend_schema(summary="One agreement of yours", responses={200: AgreementOut, **problems(403, 404)})
    def get(self, request: Request, agreement_id: UUID) -> Response:
        rows = _of_consumer(caller_of(request))
        return Response(AgreementOut(agreements.one_of(rows, agreement_id)).data)


class EndAgreement(MarketView):
    scope = "agreements"

    @extend_schema(
        summary="End your agreement, or take the request back",
        request=EndIn,
        responses={200: AgreementOut, **DECISION_PROBLEMS},
    )
    @repeatable
    def post(self, request: Request, agreement_id: UUID) -> Response:
        caller, wish = caller_of(request), self.body(request, EndIn)
        found = agreements.one_of(_of_consumer(caller), agreement_id)
        ended = agreements.end(
            agreement=found, side=Side.CONSUMER, acting_user=caller.user, now=timezone.now(), **wish
        )
        return Response(AgreementOut(ended).data)


class ConfirmAgreement(MarketView):
    scope = "agreements"

    @extend_schema(
        summary="Confirm new terms that ask more than those you were approved under",
        request=ConfirmIn,
        responses={200: AgreementOut, **DECISION_PROBLEMS},
    )
    @repeatable
    def post(self, request: Request, agreement_id: UUID) -> Response:
        caller, wish = caller_of(request), self.body(request, ConfirmIn)
        found = agreements.one_of(_of_consumer(caller), agreement_id)
        confirmed = agreements.confirm(
            agreement=found, number=wish["policy_version"], acting_user=caller.user, now=timezone.now()
        )
        return Response(AgreementOut(confirmed).data)


class AccessRequests(MarketView):
    scope = "sources"

    @extend_schema(
        operation_id="access_requests_list",
        summary="Who asked for your sources, and who rests on them, newest first",
        parameters=FILTERS,
        responses={200: paged(AgreementOut, "Agreement"), **problems(403, 422)},
    )
    def get(self, request: Request) -> Response:
        rows = _of_owner(caller_of(request))
        return page(
            request=request, view=self, rows=_filtered(request, rows), serializer=AgreementOut, ordering="-id"
        )


class DecideAccess(MarketView):
    scope = "sources"

    @extend_schema(
        summary="Approve, refuse or end many at once",
        request=DecideIn,
        responses={200: DecidedOut, **problems(400, 403, 422)},
    )
    @repeatable
    def post(self, request: Request) -> Response:
        caller, wish = caller_of(request), self.body(request, DecideIn)
        caller.require_all_sources()
        done, failed = agreements.decide(
            owner=caller.organisation, agreement_ids=wish["ids"], decision=wish["decision"],
            reason=wish["reason"], acting_user=caller.user, now=timezone.now(),
        )  # fmt: skip
        return Response(DecidedOut({"done": done, "failed": failed}).data)


class ApproveAccess(MarketView):
    scope = "sources"

    @extend_schema(
        summary="Approve a request", request=None, responses={200: AgreementOut, **DECISION_PROBLEMS}
    )
    @repeatable
    def post(self, request: Request, agreement_id: UUID) -> Response:
        caller = caller_of(request)
        found = agreements.one_of(_of_owner(caller), agreement_id)
        approved = agreements.approve(agreement=found, acting_user=caller.user, now=timezone.now())
        return Response(AgreementOut(approved).data)


class RefuseAccess(MarketView):
    scope = "sources"

    @extend_schema(
        summary="Refuse a request, with a reason",
        request=RefuseIn,
        responses={200: AgreementOut, **DECISION_PROBLEMS},
    )
    @repeatable
    def post(self, request: Request, agreement_id: UUID) -> Response:
        caller, wish = caller_of(request), self.body(request, RefuseIn)
        found = agreements.one_of(_of_owner(caller), agreement_id)
        refused = agreements.refuse(agreement=found, acting_user=caller.user, now=timezone.now(), **wish)
        return Response(AgreementOut(refused).data)


class EndAccess(MarketView):
    scope = "sources"

    @extend_schema(
        summary="End an agreement with one of your sources, from the next token on",
        request=RefuseIn,
        responses={200: AgreementOut, **DECISION_PROBLEMS},
    )
    @repeatable
    def post(self, request: Request, agreement_id: UUID) -> Response:
        caller, wish = caller_of(request), self.body(request, RefuseIn)
        found = agreements.one_of(_of_owner(caller), agreement_id)
        ended = agreements.end(
            agreement=found, side=Side.OWNER, acting_user=caller.user, now=timezone.now(), **wish
        )
        return Response(AgreementOut(ended).data)


class Grants(MarketView):
    @extend_schema(
        summary="Approve of an organisation that did not ask: the way into a private source",
        request=GrantIn,
        responses={201: AgreementOut, **DECISION_PROBLEMS},
    )
    @repeatable
    def post(self, request: Request, slug: str) -> Response:
        caller, wish = caller_of(request), self.body(request, GrantIn)
        source = own_source(organisation=caller.organisation, slug=slug)
        consumer = Organisation.objects.filter(slug=wish.pop("consumer")).first()
        if consumer is None:
            raise NotFound("There is no organisation of that slug.", param="consumer")
        made = agreements.grant(
            source=source, consumer=consumer, acting_user=caller.user, now=timezone.now(), **wish
        )
        found = agreements.one_of(_of_owner(caller), made.pk)
        return Response(AgreementOut(found).data, status=201)


def _of_owner(caller: Caller) -> QuerySet[Agreement]:
    """For the caller's own sources, and under a key of some sources for those."""
    return caller.own_only(agreements.of_owner(caller.organisation), "source__slug")


def _of_consumer(caller: Caller) -> QuerySet[Agreement]:
    return caller.own_only(agreements.of_consumer(caller.organisation), "source__slug")


def _filtered(request: Request, rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    state, slug = request.query_params.get("state"), request.query_params.get("source")
    if state and state not in AgreementState.values:
        raise Invalid(
            f"'{state[:32]}' is no state of an agreement.",
            param="state",
            next_step=f"Use one of {', '.join(AgreementState.values)}.",
        )
    rows = rows.filter(state=state) if state else rows
    return rows.filter(source__slug=slug) if slug else rows
