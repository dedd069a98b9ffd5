"""The budgets of a source on its page: how full, how long they last, what was told, and a switch for each."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace import pausing
from marketplace.budget_line import BudgetLine
from marketplace.budget_rates import Rate
from marketplace.models import Role, Source
from marketplace.policy.windows import Window
from marketplace.portal.figures.budget_lines import ShownBudget, about
from tests.booking import answer
from tests.cast import Actor
from tests.pages.budget_scene import use_windows
from tests.pages.scene import Scene

pytestmark = pytest.mark.django_db

NAT = 10**9
NOON = datetime(2027, 11, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def used(scene: Scene) -> Scene:
    use_windows(scene)
    return scene


def text_of(actor: Actor, query: str = "", slug: str = "alpine-plants") -> str:
    page = actor.browser.get(f"/sources/{slug}/budgets{query}").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def line(limit: int | None = 1000, spent: int = 0, **more: object) -> BudgetLine:
    figures: dict[str, object] = {"budget": "lifetime", "kind": "lifetime", "held_nano_nats": 0, "now": NOON}
    most = None if limit is None else limit * NAT
    return BudgetLine(limit_nano_nats=most, spent_nano_nats=spent * NAT, **{**figures, **more})  # type: ignore[arg-type]


def test_every_budget_stands_there_with_its_figures_and_its_outlook(used: Scene) -> None:
    text = text_of(used.cast.owner)
    for words in (
        "Whole life", "One answer", "All organisations, any 60 minutes", "All organisations, a day (UTC)",
        "buyer, any 30 days", "outsider, a day (UTC)", "49.000 nats", "11.000 nats left of 60.000 nats",
        "left at the rate of the last 24 hours", "What was spent comes back when it is older than that.",
    ):  # fmt: skip
        assert words in text, words


def test_what_was_told_stands_on_top(used: Scene) -> None:
    text = text_of(used.cast.owner)
    assert "80% of the hour rolling all budget is spent: 49.000 nats of 60.000 nats" not in text
    assert (
        "80% of the budget of all organisations in any 60 minutes is spent: 49.000 nats of 60.000 nats"
        in text
    )


def test_a_pause_says_who_when_and_why_and_can_be_undone(used: Scene) -> None:
    browser, address = used.cast.owner.browser, f"/sources/{used.alpine.slug}/budgets"
    browser.post(f"{address}/pause", {"budget": "lifetime", "reason": "Rights are being cleared."})
    text = text_of(used.cast.owner)
    assert "Paused by owner on" in text
    assert "Reason: Rights are being cleared." in text
    assert "The budget of Field notes on alpine plants is paused" in browser.get("/").content.decode()
    reply = browser.post(f"{address}/resume", {"budget": "lifetime"}, follow=True)
    assert "Resumed: it gives again what its limit leaves." in reply.content.decode()
    assert Source.objects.get(pk=used.alpine.pk).paused_budgets.keys() == {"month-rolling-each:outsider"}


def test_a_consumers_own_pause_is_resumed_for_that_consumer(used: Scene) -> None:
    wish = {"budget": "month-rolling-each", "consumer": "outsider"}
    used.cast.owner.browser.post(f"/sources/{used.alpine.slug}/budgets/resume", wish)
    assert Source.objects.get(pk=used.alpine.pk).paused_budgets == {}


def test_a_pause_that_makes_no_sense_is_refused_in_words(used: Scene) -> None:
    address = f"/sources/{used.alpine.slug}/budgets/pause"
    reply = used.cast.owner.browser.post(address, {"budget": "week"}, follow=True)
    assert "There is no budget &#x27;week&#x27; that could be paused." in reply.content.decode()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE])
def test_who_may_only_read_gets_no_switch_and_no_way_around_it(used: Scene, role: Role) -> None:
    reader = used.cast.owner.colleague(role)
    address = f"/sources/{used.alpine.slug}/budgets"
    assert "Pause now" not in reader.browser.get(address).content.decode()
    assert reader.browser.post(f"{address}/pause", {"budget": "lifetime"}).status_code == 403
    assert "lifetime" not in Source.objects.get(pk=used.alpine.pk).paused_budgets


def test_a_source_without_a_policy_and_one_without_windows_have_a_page_too(scene: Scene) -> None:
    assert "There is no policy yet" in text_of(scene.cast.owner, slug="parish-registers")
    assert "No organisation has used a window" in text_of(scene.cast.owner, slug="harbour-tides")


def test_periods_that_are_over_are_on_a_page_of_their_own(used: Scene) -> None:
    assert "No calendar window has ended yet." in text_of(used.cast.owner, "?past=true")
    answer(used.cast.buyer, used.alpine.slug, 5, now=timezone.now() - timedelta(days=3))
    past = text_of(used.cast.owner, "?past=true")
    assert "buyer, a day (UTC)" in past
    assert "5.000 nats of 100.0 nats" in past


def test_the_page_takes_the_same_queries_whatever_its_length(used: Scene) -> None:
    browser, counts = used.cast.owner.browser, []
    for actor in (used.cast.buyer, used.cast.second_owner):
        with CaptureQueriesContext(connection) as context:
            browser.get(f"/sources/{used.alpine.slug}/budgets")
        counts.append(len(context))
        pausing.resume(
            source=used.alpine, budget="month-rolling-each", consumer="outsider",
            acting_user=used.cast.owner.user, now=timezone.now(),
        )  # fmt: skip
        if actor is used.cast.buyer:
            answer(actor, used.alpine.slug, 1)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("budget", "outlook"),
    [
        (line(None), "It has no limit, so it does not run out."),
        (line(), "No answer in the last 24 hours counted here, so there is no estimate."),
        (line(5, 1, rate=Rate(1, 9 * NAT)), "Less than one answer like those of the last 24 hours is left."),
        (line(5, 5), "It is used up: answers that count here go on without the source."),
        (
            line(6000, rate=Rate(40, 200 * NAT)),
            "About 1,200 answers left at the rate of the last 24 hours; runs out around 3 December.",
        ),
        (
            line(10, 4, rate=Rate(2, 10 * NAT)),
            "About 1 answer left at the rate of the last 24 hours; runs out around 4 November, 02:00 UTC.",
        ),
        (
            line(10**6, rate=Rate(2, 10 * NAT)),
            "About 200,000 answers left at the rate of the last 24 hours.",
        ),
        (
            line(100, kind="day", window=Window("day", "rolling", "all", 100), rate=Rate(2, 10 * NAT)),
            "About 20 answers left at the rate of the last 24 hours; it renews itself before that.",
        ),
        (
            line(
                5,
                5,
                kind="day",
                window=Window("day", "calendar", "all", 5),
                ends_at=NOON + timedelta(hours=12),
            ),
            "It is used up: answers that count here go on without the source until 4 November, 00:00 UTC.",
        ),
    ],
)
def test_the_outlook_is_one_plain_sentence(budget: BudgetLine, outlook: str) -> None:
    assert ShownBudget(budget).outlook == outlook


def test_numbers_of_answers_are_said_as_exactly_as_an_estimate_is() -> None:
    assert [about(count) for count in (0, 1, 12, 123, 98765)] == [
        "0 answers", "1 answer", "12 answers", "120 answers", "98,000 answers",
    ]  # fmt: skip
