"""Reads what a back-test replays: the receipt lines of a source with who asked for what, page by page.

What is known of a consumer (groups, domains, country, approvals) is what is known today. What an answer was
for stands in its hold; where an older one does not say it, in its receipt. Questions are not read: they are
the consumer's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from accounting import past_answers
from accounting.past_answers import PastLine
from accounting.statement_lines import Window
from marketplace import agreement_use, consumers
from marketplace.backtest.answers import Asked, PastAnswer
from marketplace.consumers import ConsumerFacts
from marketplace.models import Organisation, Source
from marketplace.policy.request import AgreementFacts

Detail = Mapping[str, Any]


@dataclass(slots=True)
class Past:
    """The answers of one source. `with_voters`: also who else voted, which few policies ask."""

    source: Source
    with_voters: bool = False
    known: dict[int, "Consumer"] = field(default_factory=dict)  # by wallet
    _approved: Mapping[int, AgreementFacts] = field(default_factory=dict)
    _asked: dict[tuple[Any, ...], Asked | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._approved = agreement_use.approved_by(self.source)

    def answers(self, window: Window) -> Iterator[PastAnswer]:
        for page in past_answers.pages(self.source.earnings_account_id, window):
            self._learn({line.wallet_id for line in page})
            older = past_answers.said_by([line.key for line in page if not line.purpose])
            voters = past_answers.voters_of([line.key for line in page]) if self.with_voters else {}
            for line in page:
                yield self._answer(line, older, voters)

    def _learn(self, wallet_ids: set[int]) -> None:
        unknown = wallet_ids - self.known.keys()
        if unknown:
            found = list(Organisation.objects.filter(wallet_account_id__in=unknown).only("pk", "slug"))
            facts = consumers.facts_by_id([one.pk for one in found])
            self.known.update(
                (one.wallet_account_id, Consumer(one.pk, one.slug, facts[one.pk], self._approved.get(one.pk)))
                for one in found
            )

    def _answer(
        self, line: PastLine, older: Mapping[int, Detail], voters: Mapping[int, Sequence[str]]
    ) -> PastAnswer:
        consumer = self.known[line.wallet_id]
        purpose, mode, output = line.purpose, line.mode, line.output
        if not purpose:
            said = older[line.key]
            purpose, mode, output = said.get("purpose"), said.get("mode"), said.get("output")
        others = voters.get(line.key)
        return PastAnswer(
            at=line.at,
            consumer=consumer.slug,
            asked=self._about(consumer, purpose, mode, output, others),
            drawn_nano_nats=line.drawn_nano_nats,
            charged_nano_nats=line.charged_nano_nats,
            paid_micro_usd=line.charge_micro_usd + line.floor_top_up_micro_usd,
            tokens_delivered=line.tokens_delivered,
        )

    def _about(
        self,
        consumer: "Consumer",
        purpose: str | None,
        mode: str | None,
        output: str | None,
        voters: Sequence[str] | None,
    ) -> Asked | None:
        """The same object for the same facts: most answers of a consumer ask alike."""
        others = None if voters is None else frozenset(voters) - {self.source.slug}
        key = (consumer.pk, purpose, mode, output, others)
        if key not in self._asked:
            known = purpose and mode in {"open", "private"}
            self._asked[key] = consumer.asked(purpose, mode, output or "answer", others) if known else None
        return self._asked[key]


@dataclass(frozen=True, slots=True)
class Consumer:
    pk: int
    slug: str
    facts: ConsumerFacts
    agreement: AgreementFacts | None = None

    def asked(self, purpose: Any, mode: Any, output: Any, others: frozenset[str] | None = None) -> Asked:
        return Asked(
            consumer=self.slug, purpose=purpose, mode=mode, output=output, groups=self.facts.groups,
            domains=self.facts.domains, country=self.facts.country, agreement=self.agreement,
            others=others,
        )  # fmt: skip
