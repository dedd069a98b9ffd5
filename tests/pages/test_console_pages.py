"""The console's own pages: what waits, reviews, many rows at once, audit search, refusals, simulator."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounting.models import AuditEvent
from marketplace import reviews
from marketplace.models import (
    ApiKey,
    PolicyTemplate,
    PolicyVersion,
    RefusalCount,
    RequestCount,
    Resemblance,
    ReviewItem,
    ReviewState,
    Source,
    SourceState,
    SourceVersion,
    User,
)
from tests.builders import draft_source, live_source, policy, publish, upload
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewed(settings: Any, named_core: None, work_is_noted: Any) -> None:
    settings.PUBLISHING_REVIEW = "every"


def text_of(browser: Client, address: str, **query: Any) -> str:
    reply = browser.get(address, query)
    assert reply.status_code == 200, address
    return str(reply.content.decode())


def many(browser: Client, model: str, action: str, rows: Any, **values: str) -> str:
    body = {"action": action, "index": "0", "_selected_action": [str(row.pk) for row in rows],
            "_form_submitted": "True", **values}  # fmt: skip
    reply = browser.post(reverse(f"admin:marketplace_{model}_changelist"), body)
    assert reply.status_code == 200
    return str(reply.content.decode())


def test_what_waits_stands_on_the_first_page_with_its_age(cast: Cast, reviewed: None) -> None:
    browser = cast.operator.browser
    assert "Nothing waits for you" in text_of(browser, "/admin/")
    publish(cast.owner, draft_source(cast.owner))
    ReviewItem.objects.update(asked_at=timezone.now() - timedelta(hours=3))
    page = text_of(browser, "/admin/")
    assert "Policies to review" in page
    assert "the oldest for 3 hours" in page
    assert "Nothing waits for you" in text_of(cast.clerk("auditor").browser, "/admin/")  # type: ignore[arg-type]


def test_a_review_shows_what_changes_side_by_side(cast: Cast, reviewed: None) -> None:
    source = publish(cast.owner, draft_source(cast.owner))
    first = ReviewItem.objects.get()
    browser = cast.operator.browser
    assert "There was no policy: it voted for nobody." in text_of(
        browser, reverse("admin:marketplace_reviewitem_change", args=[first.pk])
    )
    reviews.approve(item=first, acting_user=cast.operator.user, now=timezone.now())
    publish(cast.owner, source, price_micro_usd_per_nat=21)
    second = ReviewItem.objects.get(state=ReviewState.WAITING)
    page = text_of(browser, reverse("admin:marketplace_reviewitem_change", args=[second.pk]))
    assert "<strong>No longer:</strong> It costs 20 micro-USD a nat" in page
    assert "<strong>New:</strong> It costs 21 micro-USD a nat" in page
    assert "1 of" in page
    assert "places differ" in page


def test_a_review_names_sources_with_the_same_text_hidden_ones_too(cast: Cast, reviewed: None) -> None:
    sources = [draft_source(cast.owner), draft_source(cast.second_owner, "copy")]
    for owner, source in zip((cast.owner, cast.second_owner), sources, strict=True):
        upload(owner, source)
    one, other = SourceVersion.objects.order_by("pk")
    Resemblance.objects.update_or_create(
        one=one, other=other,
        defaults={
            "common": 0.93, "share_of_one": 0.95, "error_of_one": 0.01, "marks_of_one": 64,
            "share_of_other": 0.97, "error_of_other": 0.01, "marks_of_other": 64,
            "found_at": timezone.now(),
        },
    )  # fmt: skip
    publish(cast.owner, sources[0])
    item = ReviewItem.objects.get()
    page = text_of(cast.operator.browser, reverse("admin:marketplace_reviewitem_change", args=[item.pk]))
    assert "Copy</a> of Second Owner: 93% of the wording of both is common" in page


def test_any_two_versions_are_compared(cast: Cast, named_core: None) -> None:
    source = publish(cast.owner, draft_source(cast.owner))
    publish(cast.owner, source, max_gamma=0.5)
    publish(cast.owner, source, max_gamma=0.25)
    first, _, third = PolicyVersion.objects.order_by("number")
    page = text_of(cast.operator.browser, "/admin/compare", before=first.pk, after=third.pk)
    assert "<strong>New:</strong> Its voting right is at most 25%." in page
    for wrong in ("999999", "x"):
        assert cast.operator.browser.get("/admin/compare", {"after": wrong}).status_code == 404
    assert cast.operator.browser.get("/admin/compare").status_code == 200


def test_many_are_decided_at_once_and_what_fails_is_named(cast: Cast, reviewed: None) -> None:
    for slug in ("one", "two", "three"):
        publish(cast.owner, draft_source(cast.owner, slug))
    items = list(ReviewItem.objects.order_by("pk"))
    reviews.approve(item=items[1], acting_user=cast.operator.user, now=timezone.now())
    page = many(cast.operator.browser, "reviewitem", "approve_many", items)
    assert "1 of 3 failed" in page
    assert "This was decided already" in page
    assert set(Source.objects.values_list("state", flat=True)) == {SourceState.LIVE}
    assert AuditEvent.objects.filter(action="review.approved").count() == 3


def test_nothing_is_done_to_many_without_a_reason_where_one_is_needed(cast: Cast, named_core: None) -> None:
    source = live_source(cast.owner)
    page = many(cast.operator.browser, "source", "suspend_many", [source])
    assert "This field is required" in page
    source.refresh_from_db()
    assert source.state == SourceState.LIVE
    assert "all 1 done" in many(
        cast.operator.browser, "source", "suspend_many", [source], reason="Complaint 7"
    )
    source.refresh_from_db()
    assert (source.state, source.state_reason) == (SourceState.SUSPENDED, "Complaint 7")
    assert "all 1 done" in many(cast.operator.browser, "source", "resume_many", [source])


def test_many_keys_are_revoked_with_one_reason_that_their_owners_read(cast: Cast) -> None:
    keys = ApiKey.objects.filter(organisation__in=[cast.buyer.organisation, cast.owner.organisation])
    assert "all 2 done" in many(cast.operator.browser, "apikey", "revoke_many", keys, reason="A leak.")
    assert "A leak." in cast.buyer.browser.get("/keys").content.decode()
    assert cast.buyer.api.get("/v1/account").status_code == 401


AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def boss(db: None) -> Client:
    """An operator in an empty market: nothing is on record yet."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("boss"))
    return browser


@pytest.fixture
def events(db: None) -> None:
    for number in range(3):
        AuditEvent.objects.create(
            at=AT + timedelta(days=number), actor=("ada", "ben", "eve")[number],
            action=("policy.published", "source.suspended", "policy.published")[number],
            subject=f"source:s{number}", before={"price": number}, after={"price": 7, "reason": "Größe"},
            organisation_slug=("owner", "owner", "buyer")[number],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "actors"),
    [
        ({}, ["eve", "ben", "ada"]),
        ({"actor": "AD"}, ["ada"]),
        ({"action": "policy"}, ["eve", "ada"]),
        ({"subject": "source:s1"}, ["ben"]),
        ({"organisation": "owner"}, ["ben", "ada"]),
        ({"organisation": "own"}, []),
        ({"since": "2026-03-02T00:00"}, ["eve", "ben"]),
        ({"until": "2026-03-02T00:00"}, ["ada"]),
        ({"text": "größe"}, ["eve", "ben", "ada"]),
        ({"text": "Größe", "actor": "ben"}, ["ben"]),
        ({"text": '"price": 2'}, ["eve"]),
        ({"since": "nonsense"}, []),
    ],
)
def test_the_audit_log_is_searched_by_all_that_is_given(
    boss: Client, events: None, query: dict[str, str], actors: list[str]
) -> None:
    page = boss.get("/admin/audit", query)
    assert [one.event.actor for one in page.context["found"]] == actors
    lines = b"".join(boss.get("/admin/audit.csv", query)).decode().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == actors[::-1]


def test_the_audit_log_is_paged_and_no_event_is_lost_or_shown_twice(
    boss: Client, events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("marketplace.console.audit_search.A_PAGE", 2)
    browser = boss
    first = browser.get("/admin/audit", {"organisation": ""})
    second = browser.get(f"/admin/audit{first.context['older']}")
    seen = [one.event.actor for page in (first, second) for one in page.context["found"]]
    assert seen == ["eve", "ben", "ada"]
    assert second.context["older"] == ""
    assert browser.get("/admin/audit", {"after": "nonsense"}).status_code == 200


def test_what_an_event_changed_can_be_read(boss: Client, events: None) -> None:
    event = AuditEvent.objects.get(actor="ben")
    for page in (
        text_of(boss, "/admin/audit", actor="ben"),
        text_of(boss, reverse("admin:accounting_auditevent_change", args=[event.pk])),
    ):
        assert '<td class="c-bad">1</td>' in page
        assert '<td class="c-good">7</td>' in page


def refused(cast: Cast, source: Source | None, rule: str, count: int, day: int = 0) -> None:
    RefusalCount.objects.create(
        day=timezone.now().astimezone(UTC).date() - timedelta(days=day), source=source, rule=rule,
        count=count, consumer=cast.buyer.organisation, purpose="advertising", mode="open", output="answer",
    )  # fmt: skip


def test_refusals_are_shown_by_rule_day_source_and_consumer(cast: Cast) -> None:
    source = draft_source(cast.owner)
    refused(cast, source, "purpose", 3)
    refused(cast, None, "purpose", 40, day=2)
    refused(cast, None, "budget", 5)
    refused(cast, None, "budget", 1000, day=30)
    page = cast.operator.browser.get("/admin/refusals")
    found = {line.name: (line.named, line.others) for line in page.context["by_rule"]}
    assert found == {"purpose": (3, 40), "budget": (0, 5)}
    assert page.context["total"] == 48
    assert len(page.context["days"]) == len(page.context["bars"]) == 30
    assert [line.name for line in page.context["by_source"]] == ["almanac"]
    only = cast.operator.browser.get("/admin/refusals", {"rule": "budget"})
    assert only.context["total"] == 5
    lines = b"".join(cast.operator.browser.get("/admin/refusals.csv", {"rule": "purpose"})).decode()
    assert lines.count("\r\n") == 3
    assert "none in these" not in text_of(cast.operator.browser, "/admin/refusals").lower()


def test_every_purpose_is_shown_with_its_use(cast: Cast, named_core: None) -> None:
    live_source(cast.owner, purposes={"allow": ["research"], "deny": ["medical-research"]})
    RequestCount.objects.create(
        day=timezone.now().date(), consumer=cast.buyer.organisation, purpose="academic-research", mode="open",
        output="answer", count=12,
    )  # fmt: skip
    page = cast.operator.browser.get("/admin/purposes")
    terms = {term.slug: term for term in page.context["terms"]}
    assert (terms["research"].allowed_by, terms["medical-research"].denied_by) == (1, 1)
    assert (terms["academic-research"].asked, terms["academic-research"].keys) == (12, 1)
    assert terms["academic-research"].depth == 1


@pytest.mark.parametrize(
    ("query", "denied_by"),
    [
        ({"purpose": "research"}, ""),
        ({"purpose": "advertising"}, "purpose"),
        ({"purpose": "research", "mode": "private"}, "regime"),
    ],
)
def test_the_simulator_names_the_clause_that_decides(
    cast: Cast, named_core: None, query: dict[str, str], denied_by: str
) -> None:
    live_source(cast.owner)
    asked = {"source": "almanac", "consumer": "buyer", "mode": "open", "output": "answer", **query}
    page = cast.operator.browser.get("/admin/simulator", asked)
    assert page.context["verdict"].denied_by == denied_by
    assert not RefusalCount.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"source": "none"}, {"consumer": "none"}, {"version": "9"}, {"purpose": "x"}]
)
def test_the_simulator_says_what_is_not_there(cast: Cast, named_core: None, wrong: dict[str, str]) -> None:
    publish(cast.owner, draft_source(cast.owner))
    asked = {"source": "almanac", "consumer": "buyer", "mode": "open", "output": "answer",
             "purpose": "research", **wrong}  # fmt: skip
    page = cast.operator.browser.get("/admin/simulator", asked)
    assert page.context["verdict"] is None
    assert set(page.context["form"].errors) == set(wrong)


def test_a_template_is_made_changed_and_deleted_in_the_console(cast: Cast) -> None:
    import json

    browser = cast.clerk("policy_reviewer").browser  # type: ignore[arg-type]
    said = {"slug": "ours", "title": "Ours", "description": "For us.", "order": "5", "active": "on"}
    page = browser.post("/admin/policy-templates/new", {**said, "plain": '{"regime": "none"}'})
    assert "$.regime" in page.content.decode()
    assert (
        browser.post("/admin/policy-templates/new", {**said, "plain": json.dumps(policy())}).status_code
        == 302
    )
    made = PolicyTemplate.objects.get(slug="ours")
    said["title"] = "Ours, again"
    body = {**said, "plain": json.dumps(policy(quote=True))}
    assert "Every organisation may use it." in text_of(browser, "/admin/policy-templates/ours")
    assert browser.post("/admin/policy-templates/ours", body).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.plain["quote"]) == ("Ours, again", True)
    address = reverse("admin:marketplace_policytemplate_remove", args=[made.pk])
    browser.post(address, {"_form_submitted": "True"})
    assert not PolicyTemplate.objects.filter(slug="ours").exists()
    assert browser.get("/admin/policy-templates/none").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/audit",
        "/admin/purposes",
        "/admin/refusals",
        "/admin/marketplace/reviewitem/",
        "/admin/marketplace/source/",
        "/admin/marketplace/policyversion/",
        "/admin/marketplace/agreement/",
        "/admin/marketplace/user/",
    ],
)
def test_a_page_takes_the_same_queries_whatever_its_length(cast: Cast, reviewed: None, address: str) -> None:
    def grow(slugs: list[str]) -> None:
        for slug in slugs:
            publish(cast.owner, draft_source(cast.owner, slug))
            User.objects.create_user(slug)

    browser = cast.operator.browser
    grow(["a"])
    browser.get(address)
    few = _queries(browser, address)
    grow(["b", "c", "d", "e"])
    assert _queries(browser, address) == few


def _queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as context:
        assert browser.get(address).status_code == 200
    return len(context)
