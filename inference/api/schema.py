"""What the OpenAPI schema says of the users' endpoints. Descriptions only: bodies are read by `request`."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer
from rest_framework import serializers

from inference.classifying import LEAST_LABELS, LENGTHS, MOST_LABEL_CHARACTERS, MOST_LABELS
from inference.obstacles import SENTENCES
from inference.wishes import EXPLAIN, MODES, OUTPUTS
from marketplace.api.privacy import ReadingOut

STATUSES = {
    400: "The body is not valid JSON.",
    401: "No API key, or one that is not valid.",
    402: "Not enough money; with the quote.",
    403: "A policy does not allow it; with the rule.",
    404: "Unknown model or source.",
    409: "The Idempotency-Key belongs to another request.",
    422: "The request is not valid; `param` names the field.",
    429: "Too many requests.",
    503: "The answer could not be made.",
    504: "The engine is gone.",
}

LIMIT_OWNERS = ("user", "policy", "query_cap", "budget")


class AbcIn(serializers.Serializer[Any]):
    """Which sources may vote, how much, for what purpose and at what price. All optional."""

    mode = serializers.ChoiceField(MODES, required=False, help_text="open (default) or private")
    purpose = serializers.CharField(required=False, help_text="default: the key's; see /v1/purposes")
    only = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="omitted: all admitted; []: the core alone"
    )
    ignore = serializers.ListField(child=serializers.CharField(), required=False)
    require = serializers.ListField(child=serializers.CharField(), required=False)
    gamma = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1), required=False, help_text="ceilings by source"
    )
    max_price_micro_usd = serializers.IntegerField(min_value=0, required=False, help_text="total with fee")
    max_influence_nats = serializers.FloatField(min_value=0, required=False, help_text="of each source")
    seed = serializers.IntegerField(required=False)
    store = serializers.BooleanField(required=False, help_text="false: no transcript is kept for replay")
    explain = serializers.ChoiceField(EXPLAIN, required=False)
    output = serializers.ChoiceField(
        OUTPUTS, required=False, help_text="answer (default), or classification: a label of at most 16 tokens"
    )


class QuestionIn(serializers.Serializer[Any]):
    """What both endpoints take."""

    model = serializers.CharField()
    n = serializers.IntegerField(
        required=False, min_value=1, max_value=8, help_text="choices; each is charged and has its own receipt"
    )
    max_tokens = serializers.IntegerField(required=False, min_value=1)
    temperature = serializers.FloatField(required=False, help_text="0, or 0.05 to 2")
    top_p = serializers.FloatField(required=False)
    stop = serializers.JSONField(required=False, help_text="a text, or up to 4")
    seed = serializers.IntegerField(required=False)
    frequency_penalty = serializers.FloatField(
        required=False, min_value=-2, max_value=2, help_text="open answers: acts on the drawn token only"
    )
    presence_penalty = serializers.FloatField(required=False, min_value=-2, max_value=2)
    logit_bias = serializers.DictField(
        child=serializers.FloatField(min_value=-100, max_value=100), required=False, help_text="by token id"
    )
    stream = serializers.BooleanField(required=False, help_text="chunks carry `abc` events; see the guide")
    stream_options = serializers.JSONField(required=False, help_text='{"include_usage": true}')
    abc = AbcIn(required=False)


class MessageIn(serializers.Serializer[Any]):
    role = serializers.ChoiceField(["system", "developer", "user", "assistant"])
    content = serializers.CharField()


class ChatIn(QuestionIn):
    messages = MessageIn(many=True)
    max_completion_tokens = serializers.IntegerField(required=False, min_value=1)
    logprobs = serializers.BooleanField(
        required=False, help_text="open answers: of each token, under the whole vote, before top_p"
    )
    top_logprobs = serializers.IntegerField(required=False, min_value=0, max_value=20)


class CompletionIn(QuestionIn):
    prompt = serializers.JSONField(help_text="a text, or several that are answered side by side")
    logprobs = serializers.IntegerField(
        required=False, min_value=0, max_value=5, help_text="open answers: and so many of the likeliest"
    )


class ClassifyIn(serializers.Serializer[Any]):
    """A text, and the labels to choose from."""

    model = serializers.CharField()
    input = serializers.CharField(help_text="the text; relevance is measured against it")
    labels = serializers.ListField(
        child=serializers.CharField(max_length=MOST_LABEL_CHARACTERS),
        min_length=LEAST_LABELS,
        max_length=MOST_LABELS,
        help_text="each at most 16 tokens, none twice",
    )
    instructions = serializers.CharField(
        required=False, help_text="what the labels mean; told before the text"
    )
    length = serializers.ChoiceField(
        LENGTHS,
        required=False,
        help_text="whole (default): how likely exactly this label is; per_token: the mean over its "
        "tokens, so that long labels are not less likely for their length",
    )
    user = serializers.CharField(required=False)
    metadata = serializers.JSONField(required=False)
    abc = AbcIn(required=False)


class NatsOut(serializers.Serializer[Any]):
    forward = serializers.FloatField()
    reverse = serializers.FloatField()
    symmetric = serializers.FloatField()


class FloorOut(serializers.Serializer[Any]):
    required = serializers.FloatField(help_text="nats")  # type: ignore[assignment]
    reached = serializers.FloatField()
    met = serializers.BooleanField()


class PassageOut(serializers.Serializer[Any]):
    text = serializers.CharField()
    document = serializers.CharField()
    score = serializers.FloatField()


class SourceOut(serializers.Serializer[Any]):
    """One voter. In private answers all that would show what it holds is null."""

    source = serializers.CharField()  # type: ignore[assignment]
    owner = serializers.CharField()
    relevance = serializers.FloatField(allow_null=True)
    gamma_requested = serializers.FloatField(help_text="the user's wish")
    gamma_policy = serializers.FloatField(help_text="the owner's ceiling")
    gamma_effective = serializers.FloatField(allow_null=True, help_text="mean over the tokens")
    cap_nats = serializers.FloatField(help_text="the most it might move this answer")
    cap_limited_by = serializers.CharField(help_text="whose limit that was: user, policy, query_cap, budget")
    limited_by = serializers.CharField(allow_null=True)
    attribution_nats = NatsOut(allow_null=True)
    charge_nats = serializers.FloatField(allow_null=True, help_text="private answers")
    help_nats = serializers.FloatField(allow_null=True)
    charge_micro_usd = serializers.IntegerField()
    attribution_notice = serializers.CharField(
        allow_null=True, help_text="what whoever shows the answer has to show beside it"
    )
    floor = FloorOut(allow_null=True)
    passages = PassageOut(many=True)


class OwnerOut(serializers.Serializer[Any]):
    """An owner with several voters, measured as one."""

    owner = serializers.CharField()
    sources = serializers.ListField(child=serializers.CharField())
    attribution_nats = serializers.FloatField(allow_null=True)
    charge_micro_usd = serializers.IntegerField()


class ExcludedOut(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    rule = serializers.CharField()
    reason = serializers.CharField()


class StoppedOut(serializers.Serializer[Any]):
    """The operator suspended whoever asked, or the key was revoked."""

    rule = serializers.CharField()
    reason = serializers.CharField()


class TokenMovedOut(NatsOut):
    """What one source did at one token, in nats."""

    gamma_effective = serializers.FloatField(help_text="the voting right that it had there")
    help_nats = serializers.FloatField(help_text="log-probability with the source minus without")


class TokenRowOut(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    text = serializers.CharField(
        help_text="all rows joined are the text; a character of several tokens stands with the last of them"
    )
    bytes = serializers.ListField(child=serializers.IntegerField(), help_text="the token's own")
    is_end = serializers.BooleanField(help_text="the token that ended the answer; it has no text")
    log_probability = serializers.FloatField(help_text="under the whole vote")
    sources = serializers.DictField(child=TokenMovedOut(), help_text="by source")


class SpanMovedOut(NatsOut):
    help_nats = serializers.FloatField(help_text="how much likelier the source made the whole span")


class SpanOut(serializers.Serializer[Any]):
    """A sentence: sums over its tokens."""

    first = serializers.IntegerField(help_text="index of its first token")
    last = serializers.IntegerField()
    text = serializers.CharField()
    sources = serializers.DictField(child=SpanMovedOut(), help_text="by source")


class TokenPageOut(serializers.Serializer[Any]):
    first = serializers.IntegerField()
    count = serializers.IntegerField()
    of = serializers.IntegerField(help_text="tokens that were delivered")
    next = serializers.IntegerField(allow_null=True, help_text="first token of the next page")
    rows = TokenRowOut(many=True)
    spans = SpanOut(many=True)


class TokensOut(TokenPageOut):
    receipt_id = serializers.UUIDField()


class AbcTokensOut(TokenPageOut):
    more = serializers.CharField(help_text="address of every page, while the transcript is kept")


class SetsIn(serializers.Serializer[Any]):
    sets = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=1, max_length=256),
        min_length=1,
        max_length=32,
        help_text="lists of voters of this answer",
    )


class SetOut(serializers.Serializer[Any]):
    sources = serializers.ListField(child=serializers.CharField())
    attribution_nats = NatsOut()


class AttributionOut(serializers.Serializer[Any]):
    receipt_id = serializers.UUIDField()
    alpha = serializers.FloatField()
    tokens = serializers.IntegerField(help_text="that were drawn")
    sets = SetOut(many=True)


class AbcOut(serializers.Serializer[Any]):
    """Who voted, what each moved, and what each was paid."""

    receipt_id = serializers.UUIDField()
    mode = serializers.CharField()
    composition_hash = serializers.CharField()
    core = serializers.CharField()
    alpha = serializers.FloatField()
    lambda_active = serializers.FloatField()
    lambda_total = serializers.FloatField()
    sources = SourceOut(many=True)
    owners = OwnerOut(many=True)
    excluded = ExcludedOut(many=True)
    excluded_counts = serializers.DictField(child=serializers.IntegerField())
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="the attribution notices of all voters, each text once"
    )
    fee_micro_usd = serializers.IntegerField()
    charge_micro_usd = serializers.IntegerField(help_text="total")
    shared_nats = serializers.FloatField(
        allow_null=True,
        help_text="what all voters moved together less the sum of what each moved alone; signed, charged to "
        "nobody; null in private answers",
    )
    shared_meaning = serializers.CharField(allow_null=True, help_text="the same in one plain sentence")
    tokens = AbcTokensOut(
        allow_null=True, help_text="with `explain: tokens`; in a stream in the last chunk; null otherwise"
    )
    stopped = StoppedOut(
        allow_null=True, help_text="why it ended in mid-answer (finish_reason is then `content_filter`)"
    )


class SourceSumOut(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    charge_micro_usd = serializers.IntegerField()


class FailedChoiceOut(serializers.Serializer[Any]):
    """What was delivered of it is settled; the choice is not in `choices`."""

    index = serializers.IntegerField()
    code = serializers.CharField()
    message = serializers.CharField()


class AbcSumsOut(serializers.Serializer[Any]):
    """Of a request for several choices: what they cost together. Each choice carries its own account."""

    mode = serializers.CharField()
    core = serializers.CharField()
    receipt_ids = serializers.ListField(child=serializers.UUIDField())
    sources = SourceSumOut(many=True)
    fee_micro_usd = serializers.IntegerField()
    charge_micro_usd = serializers.IntegerField(help_text="total")
    failed = FailedChoiceOut(many=True, required=False)


class TokenUsageOut(serializers.Serializer[Any]):
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()


class ReplyOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    model = serializers.CharField()
    system_fingerprint = serializers.CharField(help_text="equal where core, constants and seats are")
    choices = serializers.ListField(child=serializers.JSONField())
    usage = TokenUsageOut()
    abc = PolymorphicProxySerializer("AbcOfTheReply", [AbcOut, AbcSumsOut], None)


class ChatOut(ReplyOut):
    """OpenAI's chat.completion with `abc`."""


class CompletionOut(ReplyOut):
    """OpenAI's text_completion with `abc`."""


class SourceLawOut(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    probabilities = serializers.DictField(child=serializers.FloatField())


class VotesOut(serializers.Serializer[Any]):
    """What the core alone says, and each source with the voting right that it had here."""

    core = serializers.DictField(child=serializers.FloatField())
    sources = SourceLawOut(many=True)


class ClassificationOut(serializers.Serializer[Any]):
    """One label, the law that it was taken from, and whose votes made that."""

    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    model = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    probabilities = serializers.DictField(
        child=serializers.FloatField(), allow_null=True, help_text="by label; null in private mode"
    )
    votes = VotesOut(allow_null=True, help_text="null in private mode")
    usage = TokenUsageOut()
    abc = AbcOut()


class OpenAiErrorFields(serializers.Serializer[Any]):
    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True)
    code = serializers.CharField()


class OpenAiErrorOut(serializers.Serializer[Any]):
    error = OpenAiErrorFields()


class QuoteOut(serializers.Serializer[Any]):
    charges_micro_usd = serializers.IntegerField()
    floors_micro_usd = serializers.IntegerField()
    fee_basis_points = serializers.IntegerField(help_text="of the charges")
    fee_micro_usd = serializers.IntegerField()
    total_micro_usd = serializers.IntegerField()
    max_price_micro_usd = serializers.IntegerField(allow_null=True, help_text="the user's limit")


class NatsLimitOut(serializers.Serializer[Any]):
    """One limit on a source's influence in this answer, and whose it is."""

    owner = serializers.ChoiceField(LIMIT_OWNERS)
    limit = serializers.CharField(help_text="the field, of the request or of the policy, that sets it")
    nats = serializers.FloatField(
        allow_null=True, help_text="null: not set; of `budgets_left`: enough for this answer"
    )
    binds = serializers.BooleanField(help_text="true for the one that is the cap")


class MoneyLimitOut(serializers.Serializer[Any]):
    """One amount that decides what a source can be due, and whose it is."""

    owner = serializers.ChoiceField(LIMIT_OWNERS)
    limit = serializers.CharField()
    micro_usd = serializers.IntegerField(allow_null=True, help_text="null: not set, or it leaves room")
    binds = serializers.BooleanField(help_text="true for the one that is due at most")


class PlannedPrivacyOut(serializers.Serializer[Any]):
    """What the answer can add at most, and what the source's policy never exceeds."""

    eta = serializers.FloatField()
    token_charge_nano_nats = serializers.IntegerField(help_text="from alpha and eta alone")
    this_answer_at_most = ReadingOut()
    never_above = ReadingOut(help_text="the filter: the budget that the policy states")


class PlannedSourceOut(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]
    owner = serializers.CharField()
    relevance = serializers.FloatField(allow_null=True, help_text="rounded to 0.05; null in private mode")
    gamma_requested = serializers.FloatField(help_text="the user's wish")
    gamma_policy = serializers.FloatField(help_text="the owner's ceiling")
    gamma_effective = serializers.FloatField(help_text="the most it would get: the smaller of both")
    gamma = serializers.FloatField(help_text="the same as gamma_effective")
    limited_by = serializers.CharField(allow_null=True, help_text="user, policy, or null: nobody")
    cap_nats = serializers.FloatField()
    cap_limited_by = serializers.ChoiceField(LIMIT_OWNERS)
    nats_limits = NatsLimitOut(many=True)
    price_micro_usd_per_nat = serializers.IntegerField()
    price_rule = serializers.CharField(help_text="the place in the policy that set the price")
    floor_price_micro_usd = serializers.IntegerField()
    ceiling_price_micro_usd = serializers.IntegerField(allow_null=True, help_text="null: no ceiling")
    money_limits = MoneyLimitOut(many=True)
    most_micro_usd = serializers.IntegerField()
    attribution_notice = serializers.CharField(allow_null=True, help_text="to be shown beside an answer")
    privacy = PlannedPrivacyOut(allow_null=True, help_text="private mode: from public values only")


class PlannedChoicesOut(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    total_micro_usd = serializers.IntegerField(help_text="the most that they can cost together")


class PlanOut(serializers.Serializer[Any]):
    """EXPLAIN for an answer."""

    mode = serializers.CharField()
    core = serializers.CharField()
    purpose = serializers.CharField()
    output = serializers.CharField()
    max_tokens = serializers.IntegerField()
    sources = PlannedSourceOut(many=True)
    excluded = ExcludedOut(many=True)
    excluded_counts = serializers.DictField(child=serializers.IntegerField())
    quote = QuoteOut()
    choices = PlannedChoicesOut()


class TotalEffectIn(serializers.Serializer[Any]):
    source = serializers.CharField(help_text="a voter of this answer")  # type: ignore[assignment]
    max_price_micro_usd = serializers.IntegerField(required=False, min_value=0, help_text="total with fee")


class LikelihoodOut(serializers.Serializer[Any]):
    """Log-likelihood of the first answer's words, in nats, under both compositions."""

    difference = serializers.FloatField()

    def get_fields(self) -> Any:
        return {
            **super().get_fields(), "with": serializers.FloatField(), "without": serializers.FloatField(),
        }  # fmt: skip


class TextsOut(serializers.Serializer[Any]):
    equal = serializers.BooleanField()
    first_difference = serializers.IntegerField(allow_null=True, help_text="characters")
    similarity = serializers.FloatField(help_text="by words, 0 to 1")

    def get_fields(self) -> Any:
        return {**super().get_fields(), "with": serializers.CharField(), "without": serializers.CharField()}


class SeatsOut(serializers.Serializer[Any]):
    def get_fields(self) -> Any:
        return {name: serializers.ListField(child=serializers.CharField()) for name in ("with", "without")}


class RerunOut(serializers.Serializer[Any]):
    receipt_id = serializers.UUIDField()
    charge_micro_usd = serializers.IntegerField(help_text="what the rerun cost, with fee")


class TotalEffectOut(serializers.Serializer[Any]):
    """The request asked again without the source, with nothing pinned."""

    receipt_id = serializers.UUIDField()
    source = serializers.CharField()  # type: ignore[assignment]
    alpha = serializers.FloatField()
    tokens = serializers.IntegerField(help_text="of the first answer, over which the sums go")
    seeded = serializers.BooleanField(help_text="false: the texts also differ by the luck of the draw")
    log_likelihood = LikelihoodOut()
    divergence_nats = NatsOut()
    attribution_nats = NatsOut(help_text="of the receipt: with everything else pinned")
    sources = SeatsOut()
    text = TextsOut()
    rerun = RerunOut()
    says = serializers.CharField()
    does_not_say = serializers.CharField()


class ModelOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    owned_by = serializers.CharField()


class ModelsOut(serializers.Serializer[Any]):
    object = serializers.CharField()
    data = ModelOut(many=True)  # type: ignore[assignment]


class ToleranceOut(serializers.Serializer[Any]):
    """A replay agrees where every sum is within the larger of both."""

    precision = serializers.CharField(help_text="of the core that answered")
    relative = serializers.FloatField(help_text="of the stated divergence")
    nats_per_token = serializers.FloatField()


class VerificationOut(serializers.Serializer[Any]):
    signature = serializers.BooleanField(help_text="our key signed exactly this receipt")
    sums = serializers.BooleanField(
        help_text="its charges, fee and total agree with each other and the ledger"
    )
    composition = serializers.BooleanField(
        allow_null=True,
        help_text="its composition hash follows from the parts that it names; null: it names none",
    )
    replayed = serializers.BooleanField(help_text="its divergences were computed again and agree")
    max_error = serializers.FloatField(allow_null=True, help_text="largest difference, nats a token")
    tolerance = ToleranceOut(allow_null=True, help_text="null where nothing is replayed")
    code = serializers.ChoiceField(
        sorted(SENTENCES),
        allow_null=True,
        help_text="why it was not replayed, or what differs, as a stable code",
    )
    reason = serializers.CharField(allow_null=True, help_text="the same in one plain sentence")


def documented_errors() -> dict[Any, Any]:
    """The documented errors of OpenAI's endpoints."""
    return {status: OpenApiResponse(OpenAiErrorOut, sentence) for status, sentence in STATUSES.items()}
