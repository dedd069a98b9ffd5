"""/v1/policy-templates: policies to start from, in the plain form and in words. Public, like the purposes."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace import policy_templates
from marketplace.api.base import MarketView
from marketplace.api.schema import problems
from marketplace.models import PolicyTemplate
from marketplace.policy import plain, sentences


class TemplateOut(serializers.ModelSerializer[PolicyTemplate]):
    """A start for `PUT /v1/sources/{slug}/policy`: copy `plain`, change what you like."""

    sentences = serializers.SerializerMethodField()

    class Meta:
        model = PolicyTemplate
        fields = ["slug", "title", "description", "plain", "sentences"]

    def get_sentences(self, template: PolicyTemplate) -> list[str]:
        return sentences.sentences(plain.parse(template.plain))


class PolicyTemplates(MarketView):
    permission_classes = [AllowAny]

    @extend_schema(
        summary="Policies to start from", auth=[], responses={200: TemplateOut(many=True), **problems()}
    )
    def get(self, _request: Request) -> Response:
        return Response(TemplateOut(policy_templates.offered(), many=True).data)


class OnePolicyTemplate(MarketView):
    slug_names = "template"
    permission_classes = [AllowAny]

    @extend_schema(summary="One policy to start from", auth=[], responses={200: TemplateOut, **problems(404)})
    def get(self, _request: Request, slug: str) -> Response:
        return Response(TemplateOut(policy_templates.offered_one(slug)).data)
