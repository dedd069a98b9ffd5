"""The compiled policies say what every policy would say by itself: the same verdicts, by the same rules."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace import visibility
from marketplace.agreement_use import NO_APPROVALS, Approvals
from marketplace.compiled.columns import LATER, PARTS, ClausesByName, Rules
from marketplace.compiled.index import Asked, PolicyIndex
from marketplace.compiled.rows import Row
from marketplace.judging import Candidate, Question, Selection, judge
from marketplace.material import Material, PartitionFacts, PolicyFacts, SourceFacts, VersionFacts
from marketplace.models import Organisation
from marketplace.policy import kinds, plain
from marketplace.policy.clause import Clause
from marketplace.policy.kinds.consumers import Consumers
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.request import Request
from tests.marketplace import markets
from tests.marketplace.markets import CORES, ORGANISATIONS, Offer

IDS = st.integers(1, 6)
NOTHING = Selection(only=None, ignore=frozenset(), require=frozenset(), named=frozenset())


def row(source_id: int, offer: Offer) -> Row:
    has_partition = offer.version is not None
    return Row(
        source_id=source_id, owner_id=offer.owner, state=offer.state, visibility=offer.visibility,
        plain=offer.plain, first_version=None if offer.plain is None else offer.first_version,
        partition_id=source_id if has_partition else None, core_digest=offer.core if has_partition else None,
        version=offer.version, votes=offer.votes if has_partition else None, parameters=10,
    )  # fmt: skip


def material(source_id: int, offer: Offer) -> Material:
    """As `material.load` gives it, without a database."""
    source = SourceFacts(
        pk=source_id, slug=f"s{source_id}", organisation_id=offer.owner, owner=f"o{offer.owner}",
        visibility=offer.visibility, state=offer.state, paused_budgets={}, budget_account_id=0,
        privacy_account_id=0, earnings_account_id=0,
    )  # fmt: skip
    policy = offer.plain and PolicyFacts(
        source_id, 1, plain.digest(offer.plain), offer.first_version, plain.published(offer.plain)
    )
    partition = PartitionFacts(
        pk=source_id, source_id=source_id, version=VersionFacts(source_id, offer.version or 0, ""),
        core_digest=offer.core, digest="", adapter_digest="", index_digest="", passages_digest="",
        votes=offer.votes,
    )  # fmt: skip
    return Material(source, policy or None, None if offer.version is None else partition)


def one_by_one(market: dict[int, Offer], question: Question) -> tuple[set[int], Counter[str]]:
    """Every policy evaluated as objects: the sources that may vote, and the others by rule."""
    allowed, denied = set(), Counter[str]()
    for source_id, offer in market.items():
        known, own = source_id in question.approvals.known, offer.owner == question.consumer.pk
        seen = visibility.is_visible(
            visibility=offer.visibility, state=offer.state, is_own=own, has_agreement=known
        )
        if not seen or offer.state == "withdrawn":
            continue
        verdict = judge(material(source_id, offer), question)
        if isinstance(verdict, Candidate):
            allowed.add(source_id)
        else:
            denied[verdict.rule] += 1
    return allowed, denied


def question_of(
    request: Request, core: str | None, approvals: Approvals = NO_APPROVALS, *, only_named: bool = False
) -> Question:
    consumer = next(key for key, slug in ORGANISATIONS.items() if slug == request.consumer)
    selection = Selection(frozenset(), frozenset(), frozenset(), frozenset()) if only_named else NOTHING
    return Question(Organisation(pk=consumer, slug=request.consumer), request, selection, core, approvals)


def asked(question: Question, named: frozenset[int] = frozenset()) -> Asked:
    return Asked(
        request=question.request,
        consumer_id=question.consumer.pk,
        core_digest=question.core_digest,
        approvals=question.approvals,
        named=named,
        only_named=question.selection.only is not None,
    )


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(IDS, markets.offers), min_size=1, max_size=12),
    asking=st.lists(
        st.tuples(
            markets.requests,
            st.sampled_from([None, *CORES]),
            markets.approvals(IDS),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_all_at_once_is_the_same_as_one_by_one_after_any_changes(changes, asking):
    index, market = PolicyIndex(), dict[int, Offer]()
    for source_id, offer in changes:
        market[source_id] = offer
        index.put(row(source_id, offer))
        for request, core, approvals, only_named in asking:  # what is kept of answers meets new clauses
            question = question_of(request, core, approvals, only_named=only_named)
            allowed, denied = one_by_one(market, question)
            found = index.allowed(asked(question))
            assert (set(found.source_ids.tolist()), dict(found.denied)) == (allowed, dict(denied))


@given(offers=st.lists(markets.offers, min_size=1, max_size=6), request=markets.requests, named=st.sets(IDS))
def test_named_sources_are_left_to_be_judged_one_by_one(offers, request, named):
    index = PolicyIndex()
    for source_id, offer in enumerate(offers, start=1):
        index.put(row(source_id, offer))
    others = {source_id: offer for source_id, offer in enumerate(offers, start=1) if source_id not in named}
    question = question_of(request, None)
    allowed, denied = one_by_one(others, question)
    found = index.allowed(asked(question, frozenset(named)))
    assert (set(found.source_ids.tolist()), dict(found.denied)) == (allowed, dict(denied))


def test_every_kind_that_can_say_no_has_its_place_in_the_index():
    placed = {*PARTS, *LATER, Consumers, TimeWindow}
    assert {kind for kind in kinds.KINDS if kind.verify is not Clause.verify} == placed


def test_a_policy_with_an_unknown_term_is_none():
    offer = Offer(1, "live", "public", {"consumers": {"allow": ["*"]}, "new_term": 1}, 0, 2, CORES[0], True)
    index = PolicyIndex()
    index.put(row(1, offer))
    request = Request(consumer="buyer", purpose="research", now=markets.NOON, mode="open")
    assert index.allowed(asked(question_of(request, None))).denied == {"no_policy": 1}


def test_clauses_that_no_policy_has_any_more_are_forgotten_and_the_others_still_answer():
    rules = Rules()
    column = ClausesByName(Consumers, rules)
    buyer, rival = (
        Request(consumer=name, purpose="research", now=markets.NOON, mode="open")
        for name in ("buyer", "rival")
    )
    column.put(0, {"consumers": {"allow": ["buyer"]}})
    for number in range(8_000):
        column.put(1, {"consumers": {"allow": [f"c{number}", "rival"]}})
        if number % 1_000 == 0:
            assert [column.codes(one, slice(2)).tolist() for one in (buyer, rival)] == [[0, 1], [1, 0]]
    assert len(column) < 2_000
