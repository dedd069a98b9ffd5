"""What the tools take and give, typed: an assistant reads these as JSON schemas."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

Slugs = Annotated[list[str], Field(description="Names of sources (slugs), as list_sources gives them.")]


class Control(BaseModel):
    """Which sources may take part, how much, for what purpose and at what price. All optional."""

    only: Slugs | None = Field(
        None, description="Only these; [] is the core model alone; omitted: all allowed."
    )
    ignore: Slugs | None = Field(None, description="Not these.")
    require: Slugs | None = Field(None, description="Refuse unless these take part.")
    gamma: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = Field(
        None, description="The most voting right of a source, by slug, 0 to 1."
    )
    purpose: str | None = Field(None, description="What the answer is for; default: the key's.")
    mode: Literal["open", "private"] | None = Field(
        None, description="private: differentially private sources, named in `only`; nothing is measured."
    )
    max_price_micro_usd: int | None = Field(
        None, ge=0, description="The most that it may cost, fee included."
    )
    max_influence_nats: float | None = Field(None, ge=0, description="The most that each source may move it.")

    def abc(self) -> dict[str, Any]:
        """The request's `abc`."""
        return self.model_dump(exclude_none=True)


class Passage(BaseModel):
    text: str
    document: str
    score: float


class Voter(BaseModel):
    """A source that took part. In private answers what would show what it holds is null."""

    source: str
    owner: str
    relevance: float | None
    gamma_effective: float | None = Field(description="the voting right that it had, 0 to 1")
    limited_by: str | None
    influence_nats: float | None = Field(description="how far it moved the answer")
    charge_micro_usd: int
    passages: list[Passage]


class LeftOut(BaseModel):
    source: str
    rule: str
    reason: str


class Account(BaseModel):
    """Whose votes made it, and what it cost."""

    receipt_id: str
    sources: list[Voter]
    excluded: list[LeftOut]
    charge_micro_usd: int = Field(description="total, fee included")
    notices: list[str] = Field(description="has to be shown beside the answer")


class Answer(Account):
    text: str
    finish_reason: str


class Classification(Account):
    label: str
    probabilities: dict[str, float] | None


class Plan(BaseModel):
    """EXPLAIN for an answer: `text` says it in one line."""

    text: str
    sources: list[dict[str, Any]]
    excluded: list[LeftOut]
    total_micro_usd: int


class Source(BaseModel):
    slug: str
    title: str
    organisation: str
    license: str
    description: str | None
    needs_approval: bool | None


class Sources(BaseModel):
    count: int
    sources: list[Source]


class Receipt(BaseModel):
    """The signed bill of one answer."""

    receipt: dict[str, Any]


class Verification(BaseModel):
    """Whether the receipt is what was signed, and its measurement can be computed again."""

    signature: bool
    sums: bool
    replayed: bool
    max_error: float | None
    reason: str | None


def account_of(abc: dict[str, Any]) -> dict[str, Any]:
    """The fields of `Account` from an answer's `abc`."""
    return {
        "receipt_id": abc["receipt_id"],
        "sources": [_voter(one) for one in abc["sources"]],
        "excluded": abc["excluded"],
        "charge_micro_usd": abc["charge_micro_usd"],
        "notices": abc["notices"],
    }


def _voter(source: dict[str, Any]) -> dict[str, Any]:
    nats = source["attribution_nats"]
    return {**source, "influence_nats": nats and nats["symmetric"]}
