"""The operators' console: every table, the books on the first page, and what may be switched off."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting import ledger
from accounting.models import AuditEvent
from inference.models import Answer
from marketplace import domains, home_countries
from marketplace.models import (
    ApiKey,
    ConsumerGroup,
    DomainClaim,
    Job,
    JobState,
    Membership,
    Organisation,
    PartitionSummary,
    SketchMark,
    Source,
    SourceState,
    Staff,
    User,
    VerifiedDomain,
)
from tests.cast import Cast
from tests.pages.scene import Scene

pytestmark = pytest.mark.django_db

OWN_APPS = ("accounting", "marketplace", "inference")


def tables() -> list[Any]:
    return [model for model in admin.site._registry if model._meta.app_label in OWN_APPS]


def address_of(model: Any, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_model_of_ours_is_in_the_console() -> None:
    from django.apps import apps

    models = {model for app in OWN_APPS for model in apps.get_app_config(app).get_models()}
    indexes = {SketchMark, PartitionSummary}  # hashes and vectors that are made again, for machines to read
    assert models - indexes == set(tables())


def test_every_list_and_every_row_renders(scene: Scene) -> None:
    Answer.objects.create(
        organisation=scene.cast.buyer.organisation, kind="chat", sealed_request=b"x", request_digest="d",
        created_at=timezone.now(),
    )  # fmt: skip
    browser = scene.cast.operator.browser
    for model in tables():
        listed = browser.get(address_of(model, "changelist"))
        assert listed.status_code == 200, model
        assert browser.get(address_of(model, "changelist"), {"q": "alpine"}).status_code == 200, model
        row = model.objects.first()
        if row is not None:
            page = browser.get(address_of(model, "change", row.pk))
            assert page.status_code == 200, model


def test_sealed_bytes_and_digests_of_secrets_are_not_shown(scene: Scene) -> None:
    key = ApiKey.objects.first()
    assert key is not None
    page = scene.cast.operator.browser.get(address_of(ApiKey, "change", key.pk)).content.decode()
    assert key.digest not in page


def test_the_books_cannot_be_edited_even_by_the_operator(scene: Scene) -> None:
    browser = scene.cast.operator.browser
    for model in tables():
        row = model.objects.first()
        if model._meta.app_label != "accounting" or row is None:
            continue
        assert browser.post(address_of(model, "change", row.pk), {}).status_code == 403, model
        assert browser.post(address_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
        assert browser.get(address_of(model, "add")).status_code == 403, model


@pytest.mark.parametrize("who", ["owner", "buyer", "outsider"])
def test_the_console_is_for_staff_only(cast: Cast, who: str) -> None:
    browser = getattr(cast, who).browser
    for address in ("/admin/", address_of(Source, "changelist"), address_of(AuditEvent, "changelist")):
        reply = browser.get(address)
        assert (reply.status_code, reply.headers["Location"].split("?")[0]) == (302, "/admin/login/"), address


def test_the_first_page_shows_even_books_and_what_waits(scene: Scene) -> None:
    Job.objects.filter(source__slug="bird-calls").update(
        state=JobState.FAILED, lease_until=None, finished_at=timezone.now()
    )
    page = scene.cast.operator.browser.get("/admin/")
    text = page.content.decode()
    assert "The books are even" in text
    assert page.context["books_are_even"] is True
    assert {tile.title: tile.value for tile in page.context["tiles"]} == {
        "Open holds": "0", "Failed trainings": "1", "Trainings waiting": "0", "Live sources": "4",
        "Answers waiting": "0", "Failed answers": "0", "Audit events sealed": "0",
    }  # fmt: skip
    assert "source.suspended" in text


def test_uneven_books_are_shouted(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "trial_balance", lambda: {"micro_usd": (5, 4), "nano_nat": (0, 0)})
    text = cast.operator.browser.get("/admin/").content.decode()
    assert "The books are NOT even" in text
    assert "$0.000001" in text


def test_the_consoles_own_content_policy_still_allows_its_own_host_only(cast: Cast) -> None:
    policy = cast.operator.browser.get("/admin/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert not re.search(r"https?:|\*", policy)


def test_no_page_of_the_console_loads_from_another_host(scene: Scene) -> None:
    browser = scene.cast.operator.browser
    for address in (
        "/admin/",
        address_of(Source, "changelist"),
        address_of(Source, "change", scene.alpine.pk),
    ):
        page = browser.get(address).content.decode()
        loaded = re.findall(r'<(?:script|img|iframe|link)[^>]*(?:src|href)="([^"]*)"', page)
        assert [one for one in loaded if re.match(r"(https?:)?//", one)] == [], address


def submit(browser: Client, model: Any, pk: object, action: str, **values: str) -> str:
    """Send an action's dialog, as the page does."""
    name = f"{model._meta.app_label}_{model._meta.model_name}_{action}"
    reply = browser.post(
        reverse(f"admin:{name}", args=[pk]), {"_form_submitted": "True", **values}, follow=True
    )
    assert reply.status_code == 200
    return reply.content.decode()


def test_suspending_needs_a_reason_and_is_audited(scene: Scene) -> None:
    browser = scene.cast.operator.browser
    assert "This field is required" in submit(browser, Source, scene.alpine.pk, "suspend")
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.LIVE
    assert "is suspended" in submit(browser, Source, scene.alpine.pk, "suspend", reason="Complaint 7")
    scene.alpine.refresh_from_db()
    assert (scene.alpine.state, scene.alpine.state_reason) == (SourceState.SUSPENDED, "Complaint 7")
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.action, (event.after or {}).get("reason")) == (
        "operator",
        "source.suspended",
        "Complaint 7",
    )
    assert scene.cast.owner.browser.post("/sources/alpine-plants/resume").status_code == 403
    assert "may vote again" in submit(browser, Source, scene.alpine.pk, "resume")
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.LIVE


def test_a_refused_action_says_why(scene: Scene) -> None:
    draft = Source.objects.get(slug="parish-registers")
    page = submit(scene.cast.operator.browser, Source, draft.pk, "suspend", reason="x")
    assert "A draft does not vote" in page


def test_staff_without_that_right_cannot_suspend(scene: Scene) -> None:
    auditor = scene.cast.clerk(Staff.AUDITOR)
    address = reverse("admin:marketplace_source_suspend", args=[scene.alpine.pk])
    assert auditor.browser.post(address, {"_form_submitted": "True", "reason": "x"}).status_code == 403
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.LIVE


def test_a_key_is_revoked_and_a_job_cancelled(scene: Scene) -> None:
    browser = scene.cast.operator.browser
    key = ApiKey.objects.get(organisation=scene.cast.buyer.organisation)
    assert "This field is required" in submit(browser, ApiKey, key.pk, "revoke")
    assert "is revoked" in submit(browser, ApiKey, key.pk, "revoke", reason="It leaked.")
    job = Job.objects.get(source__slug="bird-calls")
    assert "is cancelled" in submit(browser, Job, job.pk, "cancel")
    key.refresh_from_db()
    job.refresh_from_db()
    assert key.revoked_at is not None
    assert job.state == JobState.CANCELLED


def test_a_wallet_is_topped_up(cast: Cast) -> None:
    buyer = cast.buyer.organisation
    page = submit(cast.operator.browser, Organisation, buyer.pk, "top_up", amount_usd="12.5")
    assert "credited to Buyer" in page
    assert ledger.balance(buyer.wallet_account_id).available == 12_500_000
    submit(cast.operator.browser, Organisation, buyer.pk, "top_up", amount_usd="-1")
    assert ledger.balance(buyer.wallet_account_id).available == 12_500_000


def open_organisation(cast: Cast, **values: str) -> str:
    address = reverse("admin:marketplace_organisation_open_organisation")
    return cast.operator.browser.post(
        address, {"_form_submitted": "True", **values}, follow=True
    ).content.decode()


def test_an_organisation_and_its_member_are_made_by_the_use_cases(cast: Cast) -> None:
    assert "The Herbarium is open" in open_organisation(cast, slug="herbarium", name="The Herbarium")
    made = Organisation.objects.get(slug="herbarium")
    assert ledger.balance(made.wallet_account_id).available == 0
    person = User.objects.create_user("botanist")
    submit(cast.operator.browser, Organisation, made.pk, "set_role", person=str(person.pk), role="editor")
    assert Membership.objects.get(user=person).role == "editor"
    actions = set(AuditEvent.objects.filter(organisation_slug="herbarium").values_list("action", flat=True))
    assert actions == {"organisation.created", "membership.set"}


def test_an_organisation_whose_slug_is_taken_or_bad_is_refused_in_words(cast: Cast) -> None:
    assert "exists already" in open_organisation(cast, slug="buyer", name="Again")
    assert "A slug has at most" in open_organisation(cast, slug="Not Good", name="Again")
    assert not Organisation.objects.filter(name="Again").exists()


def test_changes_to_people_are_audited_without_their_passwords(cast: Cast) -> None:
    browser = cast.operator.browser
    browser.post(
        address_of(User, "add"),
        {"username": "newcomer", "password1": "a long pass phrase", "password2": "a long pass phrase",
         "usable_password": "true"},
    )  # fmt: skip
    assert User.objects.filter(username="newcomer").exists()
    event = AuditEvent.objects.get(subject="user:newcomer")
    assert event.action == "user.created"
    assert "phrase" not in str(event.after)


def test_a_group_is_opened_filled_and_emptied_by_the_use_cases(cast: Cast) -> None:
    browser = cast.operator.browser
    browser.post(
        reverse("admin:marketplace_consumergroup_open_group"),
        {"_form_submitted": "True", "slug": "libraries", "title": "Libraries"},
    )
    group = ConsumerGroup.objects.get(slug="libraries")
    member = {"organisation": str(cast.buyer.organisation.pk)}
    assert "is one of Libraries" in submit(browser, ConsumerGroup, group.pk, "put_in", **member)
    assert list(group.organisations.all()) == [cast.buyer.organisation]
    assert "is none of Libraries" in submit(browser, ConsumerGroup, group.pk, "take_out", **member)
    assert not group.organisations.exists()


def test_a_country_that_waits_is_on_the_first_page_and_confirmed_once_it_is_typed(cast: Cast) -> None:
    buyer, browser = cast.buyer.organisation, cast.operator.browser
    home_countries.say_country(
        organisation=buyer, country="NL", acting_user=cast.buyer.user, now=timezone.now()
    )
    assert "Countries to confirm" in browser.get("/admin/").content.decode()
    assert "says NL" in submit(browser, Organisation, buyer.pk, "confirm_country", country="DE")
    assert "at home in NL" in submit(browser, Organisation, buyer.pk, "confirm_country", country="nl")
    assert "Countries to confirm" not in browser.get("/admin/").content.decode()


def test_a_consumer_and_a_key_are_suspended_with_a_reason_and_resumed(cast: Cast) -> None:
    browser, buyer = cast.operator.browser, cast.buyer.organisation
    rows: list[Any] = [buyer, ApiKey.objects.get(organisation=buyer)]
    for row in rows:
        model = type(row)
        assert "This field is required" in submit(browser, model, row.pk, "suspend")
        submit(browser, model, row.pk, "suspend", reason="Complaint 7")
        row.refresh_from_db()
        assert row.suspended_reason == "Complaint 7"
        assert "Complaint 7" in browser.get(address_of(model, "changelist")).content.decode()
        submit(browser, model, row.pk, "resume")
        row.refresh_from_db()
        assert not row.is_suspended


def test_the_last_operator_keeps_the_console(cast: Cast) -> None:
    operator = cast.operator.user
    form = {"username": "operator", "is_superuser": "on", "is_staff": "on",
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}  # fmt: skip
    page = cast.operator.browser.post(address_of(User, "change", operator.pk), form, follow=True)
    assert "This is the last operator" in page.content.decode()
    operator.refresh_from_db()
    assert operator.is_active


def test_a_staff_role_is_given_and_taken_in_the_console(cast: Cast) -> None:
    browser, person = cast.operator.browser, cast.outsider.user
    assert "now holds the role auditor" in submit(browser, User, person.pk, "grant_role", role="auditor")
    assert cast.outsider.browser.get("/admin/").status_code == 200
    assert "no longer holds" in submit(browser, User, person.pk, "revoke_role", role="auditor")
    assert cast.outsider.browser.get("/admin/").status_code == 302


def test_a_claimed_domain_is_confirmed_by_an_operator(cast: Cast) -> None:
    claim = domains.claim(
        organisation=cast.buyer.organisation, domain="example.org", acting_user=cast.buyer.user,
        now=timezone.now(),
    )  # fmt: skip
    page = submit(cast.operator.browser, DomainClaim, claim.pk, "confirm")
    assert "example.org is a domain of Buyer" in page
    assert VerifiedDomain.objects.get().how == "operator"
