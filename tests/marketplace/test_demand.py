"""What was asked and refused is counted by day: bounded, together, and forgotten after a stated time."""

from datetime import UTC, datetime, timedelta

import pytest

from accounting.models import AuditEvent
from marketplace import demand
from marketplace.models import RefusalCount, RequestCount
from tests.builders import draft_source

pytestmark = [pytest.mark.books, pytest.mark.django_db]

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def asked(cast, *, to_everybody=True, refused=(), others=(), purpose="research", mode="open"):
    return demand.Asked(
        consumer=cast.buyer.organisation,
        purpose=purpose,
        mode=mode,
        output="answer",
        to_everybody=to_everybody,
        refused=dict(refused),
        others=dict(others),
    )


def refusals():
    rows = RefusalCount.objects.order_by("source__slug", "rule")
    return [(row.source.slug if row.source else None, row.rule, row.count) for row in rows]


def test_answers_of_one_day_add_up_in_one_row(cast):
    for hours in (0, 3, 11):
        demand.count(asked(cast), now=NOON + timedelta(hours=hours))
    row = RequestCount.objects.get()
    assert (row.day, row.consumer, row.purpose, row.mode, row.output, row.count) == (
        NOON.date(), cast.buyer.organisation, "research", "open", "answer", 3,
    )  # fmt: skip


@pytest.mark.parametrize(
    "other", [{"now": NOON + timedelta(hours=12)}, {"purpose": "teaching"}, {"mode": "private"}]
)
def test_another_day_purpose_or_mode_is_another_row(cast, other):
    now = other.pop("now", NOON)
    demand.count(asked(cast), now=NOON)
    demand.count(asked(cast, **other), now=now)
    assert sorted(RequestCount.objects.values_list("count", flat=True)) == [1, 1]


def test_a_source_that_was_chosen_and_refused_is_named_and_all_others_are_counted_by_rule(cast):
    draft_source(cast.owner, "almanac")
    for _ in range(2):
        demand.count(
            asked(cast, to_everybody=False, refused={"almanac": "purpose"}, others={"relevance": 7}), now=NOON
        )
    assert sorted(refusals(), key=str) == [("almanac", "purpose", 2), (None, "relevance", 14)]
    assert not RequestCount.objects.exists()


def test_an_answer_adds_a_bounded_number_of_rows_whatever_it_names(cast):
    for number in range(demand.MOST_BY_NAME + 5):
        draft_source(cast.owner, f"source-{number}")
    refused = {f"source-{number}": "purpose" for number in range(demand.MOST_BY_NAME + 5)}
    demand.count(asked(cast, to_everybody=False, refused=refused), now=NOON)
    assert RefusalCount.objects.count() == demand.MOST_BY_NAME


def test_counting_takes_few_queries(cast, django_assert_max_num_queries):
    draft_source(cast.owner, "almanac")
    with django_assert_max_num_queries(7):
        demand.count(asked(cast, refused={"almanac": "time"}, others={"purpose": 3, "time": 9}), now=NOON)


def test_old_counts_are_forgotten_and_the_audit_log_says_so(cast):
    draft_source(cast.owner, "almanac")
    demand.count(asked(cast, refused={"almanac": "purpose"}), now=NOON)
    demand.count(asked(cast), now=NOON + timedelta(days=50))
    assert demand.forget_old(now=NOON + timedelta(days=101)) == 2
    assert RequestCount.objects.count() == 1
    assert AuditEvent.objects.get(action="demand_counts.deleted").before == {"expired": 2}
    assert demand.forget_old(now=NOON + timedelta(days=101)) == 0
