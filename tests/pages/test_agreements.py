"""Access requests for owners, agreements for consumers, and the versions of a policy: the pages."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace import agreements
from marketplace.models import Agreement, PolicyVersion, Role
from tests.builders import draft_source, policy, publish
from tests.pages.test_every_page import assert_is_a_good_page
from tests.pages.test_forms import OPEN, typed

pytestmark = pytest.mark.django_db
WHY = "A survey of alpine flowers for a school atlas."


@pytest.fixture
def source(cast, named_core):
    return publish(cast.owner, draft_source(cast.owner), approval="required")


def ask(cast, source, who=None, purpose="research"):
    asker = who or cast.buyer
    return agreements.request(
        consumer=asker.organisation, source=source, purpose=purpose, statement=WHY, acting_user=asker.user,
        now=timezone.now(),
    )  # fmt: skip


def state(agreement):
    return Agreement.objects.get(pk=agreement.pk).state


def test_a_consumer_asks_in_the_portal_and_the_owner_approves_with_one_press(cast, source):
    sent = cast.buyer.browser.post(
        "/agreements", {"source": "almanac", "purpose": "research", "statement": WHY}, follow=True
    )
    assert "Its owner decides, and you are written to." in sent.content.decode()
    asked = Agreement.objects.get()
    inbox = cast.owner.browser.get("/access")
    assert_is_a_good_page("/access", inbox)
    assert WHY in inbox.content.decode()
    done = cast.owner.browser.post("/access/decide", {"approve": str(asked.pk)}, follow=True)
    assert "1 approved" in done.content.decode()
    assert state(asked) == "in_force"


def test_many_are_refused_with_one_reason(cast, source):
    first, second = ask(cast, source), ask(cast, source, cast.outsider)
    ticked = {"agreement": [str(first.pk), str(second.pk), "no id"], "decision": "refuse"}
    refused = cast.owner.browser.post("/access/decide", ticked, follow=True).content.decode()
    assert "A reason has 1 to 300 characters." in refused
    assert state(first) == "requested"
    cast.owner.browser.post("/access/decide", {**ticked, "reason": "Not now."})
    assert {state(first), state(second)} == {"refused"}
    assert "Not now." in cast.buyer.browser.get("/agreements").content.decode()


@pytest.mark.parametrize(
    ("sent", "said"), [({"decision": "approve"}, "Tick at least one request first."), ({}, None)]
)
def test_a_press_that_chooses_nothing_decides_nothing(cast, source, sent, said):
    asked = ask(cast, source)
    reply = cast.owner.browser.post("/access/decide", sent, follow=True)
    assert reply.status_code == (404 if said is None else 200)
    assert said is None or said in reply.content.decode()
    assert state(asked) == "requested"


def test_nobody_decides_for_others_sources(cast, source):
    asked = ask(cast, source)
    told = cast.second_owner.browser.post("/access/decide", {"approve": str(asked.pk)}, follow=True)
    assert "There is no agreement" in told.content.decode()
    assert cast.owner.colleague(Role.VIEWER).browser.post(
        "/access/decide", {"approve": str(asked.pk)}
    ).status_code == 403  # fmt: skip
    assert state(asked) == "requested"


def test_a_source_that_one_may_not_know_of_is_the_fields_error(cast, source):
    reply = cast.buyer.browser.post("/agreements", {"source": "nothing", "purpose": "research"})
    assert reply.status_code == 422
    assert "There is no source" in reply.content.decode()
    assert_is_a_good_page("/agreements", reply)


def test_new_terms_are_shown_with_what_changes_and_confirmed(cast, source):
    asked = ask(cast, source)
    agreements.approve(agreement=asked, acting_user=cast.owner.user, now=timezone.now())
    publish(cast.owner, source, approval="required", price_micro_usd_per_nat=30)
    shown = cast.buyer.browser.get("/agreements")
    assert_is_a_good_page("/agreements", shown)
    assert "The price rises: a nat of influence costs 30 micro-USD instead of 20." in shown.content.decode()
    cast.buyer.browser.post(f"/agreements/{asked.pk}/confirm", {"policy_version": "2"})
    assert Agreement.objects.get().policy_version.number == 2
    cast.buyer.browser.post(f"/agreements/{asked.pk}/end")
    assert state(asked) == "ended"


def test_a_policy_is_announced_and_called_off_in_the_portal(cast, source):
    moment = timezone.now() + timedelta(days=3)
    sent = {**typed(OPEN), "do": "publish", "effective_at": f"{moment:%Y-%m-%dT%H:%M}"}
    told = cast.owner.browser.post("/sources/almanac/policy", sent, follow=True)
    assert "It takes effect by itself on" in told.content.decode()
    version = PolicyVersion.objects.get(number=2)
    assert version.effective_at == moment.replace(second=0, microsecond=0)
    assert_is_a_good_page("/versions", told)
    assert "Call off version 2" in told.content.decode()
    again = cast.owner.browser.post("/sources/almanac/policy", {**sent, "max_gamma": "0.5"})
    assert "Version 2 waits to take effect" in again.content.decode()
    off = cast.owner.browser.post(
        "/sources/almanac/policy/versions/2/cancel", {"reason": "Oops."}, follow=True
    )
    assert "Version 2 is called off." in off.content.decode()
    assert ": Oops." in off.content.decode()


def test_a_moment_in_the_past_is_told_and_nothing_is_published(cast, source):
    sent = {**typed(OPEN), "do": "publish", "effective_at": "2020-01-01T00:00"}
    reply = cast.owner.browser.post("/sources/almanac/policy", sent)
    assert reply.status_code == 422
    assert "never in the past" in reply.content.decode()
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("address", ["/access?state=requested", "/agreements"])
def test_lists_are_cut_into_pages_and_take_the_same_queries(cast, named_core, address):
    actor = cast.owner if address.startswith("/access") else cast.buyer

    def more(count):
        for number in range(count):
            slug = f"source-{count}-{number}"
            ask(cast, publish(cast.owner, draft_source(cast.owner, slug), approval="required"))

    def queries():
        actor.browser.get(address)
        browser = actor.browser
        browser.get(address)
        with CaptureQueriesContext(connection) as context:
            assert browser.get(address).status_code == 200
        return len(context)

    more(1)
    few = queries()
    more(26)
    assert queries() == few
    assert "Page 1 of 2" in actor.browser.get(address).content.decode()


def test_versions_say_what_each_changed_and_take_the_same_queries(cast, source):
    def queries():
        browser = cast.owner.browser
        browser.get("/sources/almanac/policy/versions")
        with CaptureQueriesContext(connection) as context:
            found = browser.get("/sources/almanac/policy/versions")
        return len(context), found.content.decode()

    few, _ = queries()
    for price in (30, 40, 50):
        publish(cast.owner, source, **policy(approval="required", price_micro_usd_per_nat=price))
    many, text = queries()
    assert few == many
    assert "<del>It costs 40 micro-USD a nat of influence.</del>" in text
    assert "<ins>It costs 50 micro-USD a nat of influence.</ins>" in text
