"""What the API shows of rows: output serializers that several addresses share. Reads only."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounting.models import ReceiptLine
from marketplace.api.terms import TermsOut, terms_of
from marketplace.models import Document, Job, Partition, PolicyVersion, ReviewItem, Source, SourceVersion
from marketplace.parsed_policies import parsed
from marketplace.policy import sentences
from marketplace.policy_versions import STATES, state_of
from marketplace.rights import gate


class SourceOut(serializers.ModelSerializer[Source]):
    """A source as everybody may see it; what is not open to the caller is null. Rows of `visible_to`."""

    organisation = serializers.CharField(source="organisation.slug")
    topics = serializers.ListField(child=serializers.CharField())
    description = serializers.SerializerMethodField(help_text="null: by agreement only")
    terms = serializers.SerializerMethodField(help_text="null without a policy, or by agreement only")

    class Meta:
        model = Source
        fields = [
            "slug", "title", "description", "license", "topics", "organisation", "state", "visibility",
            "terms", "created_at",
        ]  # fmt: skip

    def get_description(self, source: Source) -> str | None:
        return source.description if opened(source) else None

    @extend_schema_field(TermsOut(allow_null=True))
    def get_terms(self, source: Source) -> dict[str, Any] | None:
        return terms_of(source.policy) if source.policy is not None and opened(source) else None


class OwnSourceOut(SourceOut):
    """A source as its owner sees it, whole; the figures come from `own_sources`."""

    version = serializers.IntegerField(allow_null=True, help_text="number of the newest version")
    documents = serializers.IntegerField(help_text="documents of the newest version")
    votes = serializers.BooleanField(help_text="whether a trained partition is active")

    class Meta(SourceOut.Meta):
        fields = [
            *SourceOut.Meta.fields,
            "state_reason",
            "suspended_by_operator",
            "version",
            "documents",
            "votes",
        ]


class SeenSourceOut(OwnSourceOut):
    """A source as whoever asks may see it: what is the owner's alone is missing for all others."""

    version = serializers.IntegerField(allow_null=True, required=False)
    documents = serializers.IntegerField(required=False)
    votes = serializers.BooleanField(required=False)

    class Meta(OwnSourceOut.Meta):
        extra_kwargs = {
            "state_reason": {"required": False},
            "suspended_by_operator": {"required": False},
        }


def opened(source: Source) -> bool:
    """Whether more than the card may be shown: what the query found. Rows read without asking show less."""
    return bool(getattr(source, "opened", False))


class DocumentOut(serializers.ModelSerializer[Document]):
    class Meta:
        model = Document
        fields = ["name", "digest", "size", "media_type", "added_at"]


class VersionOut(serializers.ModelSerializer[SourceVersion]):
    documents = DocumentOut(many=True)
    rights_to_confirm = serializers.SerializerMethodField(
        help_text="terms in its texts that wait for the owner's word; training waits with them"
    )

    class Meta:
        model = SourceVersion
        fields = ["number", "digest", "created_at", "documents", "rights_to_confirm"]

    def get_rights_to_confirm(self, version: SourceVersion) -> int:
        return gate.waiting_in(version)


class ReviewOut(serializers.ModelSerializer[ReviewItem]):
    """What a reviewer of this market decided; only `approved` takes effect."""

    class Meta:
        model = ReviewItem
        fields = ["state", "reason", "asked_at", "decided_at"]


class ChangeOut(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="JSON path into the plain form")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    added = serializers.ListField(child=serializers.CharField(), help_text="of a list of terms")
    removed = serializers.ListField(child=serializers.CharField())


class DiffOut(serializers.Serializer[Any]):
    """What a version changes against the one it was to replace, in places and in plain sentences."""

    changes = ChangeOut(many=True)
    was = serializers.ListField(child=serializers.CharField(), help_text="what held and holds no longer")
    now = serializers.ListField(child=serializers.CharField(), help_text="what holds from then on")
    asks_more = serializers.ListField(
        child=serializers.CharField(), help_text="what becomes harder for consumers; approved ones confirm it"
    )


class PolicyOut(serializers.ModelSerializer[PolicyVersion]):
    """A published policy, in its plain form and in words."""

    state = serializers.SerializerMethodField()
    published_by = serializers.CharField(source="published_by.username")
    sentences = serializers.SerializerMethodField()
    review = serializers.SerializerMethodField(help_text="null: it took effect without one")

    class Meta:
        model = PolicyVersion
        fields = [
            "number", "digest", "regime", "state", "plain", "sentences", "published_by", "published_at",
            "effective_at", "review",
        ]  # fmt: skip

    @extend_schema_field(ReviewOut(allow_null=True))
    def get_review(self, version: PolicyVersion) -> dict[str, Any] | None:
        item = getattr(version, "review", None)
        return None if item is None else dict(ReviewOut(item).data)

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, version: PolicyVersion) -> str:
        return state_of(version, timezone.now())

    def get_sentences(self, version: PolicyVersion) -> list[str]:
        return sentences.sentences(parsed(version))


class PolicyVersionOut(PolicyOut):
    """One version of many: what it was to replace, what it changes, and whether it was called off."""

    replaces = serializers.IntegerField(source="replaces.number", allow_null=True, default=None)
    diff = serializers.SerializerMethodField()
    called_off_at = serializers.DateTimeField(
        source="cancellation.cancelled_at", allow_null=True, default=None
    )
    called_off_reason = serializers.CharField(source="cancellation.reason", allow_null=True, default=None)

    class Meta(PolicyOut.Meta):
        fields = [*PolicyOut.Meta.fields, "replaces", "diff", "called_off_at", "called_off_reason"]

    @extend_schema_field(DiffOut())
    def get_diff(self, version: PolicyVersion) -> dict[str, Any]:
        return version.diff.as_json()


class PartitionOut(serializers.ModelSerializer[Partition]):
    version = serializers.IntegerField(source="version.number")

    class Meta:
        model = Partition
        fields = [
            "id", "version", "state", "core_slug", "core_digest", "adapter_tokens", "adapter_digest",
            "index_digest", "passages_digest", "digest", "metrics", "error", "created_at", "activated_at",
        ]  # fmt: skip


class JobOut(serializers.ModelSerializer[Job]):
    source = serializers.CharField(source="source.slug")  # type: ignore[assignment]
    version = serializers.IntegerField(source="version.number")
    partition = serializers.IntegerField(source="partition_id")

    class Meta:
        model = Job
        fields = [
            "id", "kind", "source", "version", "partition", "state", "stage", "progress_done",
            "progress_total", "message", "attempts", "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class EarningOut(serializers.ModelSerializer[ReceiptLine]):
    receipt_id = serializers.UUIDField()
    consumer = serializers.CharField(allow_null=True)
    total_micro_usd = serializers.IntegerField()

    class Meta:
        model = ReceiptLine
        fields = [
            "receipt_id", "issued_at", "consumer", "nano_nats", "charge_micro_usd",
            "floor_top_up_micro_usd", "total_micro_usd",
        ]  # fmt: skip
