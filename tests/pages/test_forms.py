"""What people type: refused in words at the field, with everything they typed still there."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.widgets import ChoiceWidget
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.models import ApiKey, Document, PolicyVersion, Source
from marketplace.policy import plain
from marketplace.policy.kinds.influence import Influence
from marketplace.policy.kinds.prices import Prices
from marketplace.portal.forms import PolicyForm
from marketplace.portal.forms.policy import FIELDS, initial_from
from tests.builders import draft_source, publish, upload
from tests.cast import Cast
from tests.odrl.policies import policies
from tests.pages.scene import Scene

pytestmark = pytest.mark.django_db

FULL = {
    "regime": "attribution",
    "purposes": {"allow": ["research", "education"], "deny": ["market-research"]},
    "consumers": {"allow": ["buyer", "second-owner"], "deny": []},
    "price_micro_usd_per_nat": 20,
    "floor_price_micro_usd": 5,
    "ceiling_price_micro_usd": 900,
    "max_gamma": 0.35,
    "quote": True,
    "valid_from": "2026-01-31T00:00:00Z",
    "valid_until": "2027-01-31T12:30:00Z",
    "influence_nats": {
        "per_answer": 200, "per_consumer_day": 20000, "lifetime": 1000000,
        "windows": [
            {"per": "hour", "kind": "rolling", "consumers": "all", "nats": 500},
            {"per": "day", "kind": "rolling", "consumers": "each", "nats": 900.5},
            {"per": "month", "kind": "calendar", "consumers": "all", "nats": 30000},
        ],
    },
    "floor_nats": 0.25,
    "privacy": {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-06},
}  # fmt: skip
PRIVATE = {**FULL, "regime": "privacy", "quote": False, "floor_nats": None}
NO_PRIVACY = {"privacy_budget": "", "privacy_eta": "", "privacy_delta": ""}
OPEN = {
    **FULL, "regime": "measurement", "purposes": {"allow": ["*"], "deny": []}, "floor_nats": None,
    "consumers": {"allow": ["*"], "deny": ["buyer"]}, "privacy": None,
    "valid_from": None, "valid_until": None,
    "influence_nats": {"per_answer": None, "per_consumer_day": None, "lifetime": None},
}  # fmt: skip


def text_file(content: bytes = b"Gentians flower late.", name: str = "a.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/plain")


def typed(written: dict[str, Any] | None) -> dict[str, Any]:
    """A plain policy as the browser would send it back: what the form shows, and nothing else."""
    form = PolicyForm(initial=initial_from(written))
    sent: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = form[name].value()
        if not isinstance(value, list | bool):
            value = field.widget.format_value(value)
            value = value[0] if isinstance(field.widget, ChoiceWidget) else value
        if value not in (None, False, "", []):
            sent[name] = value
    return sent


# --- registering ------------------------------------------------------------------------------------------


def test_a_source_is_registered_with_its_documents_and_a_short_name_from_its_title(cast: Cast) -> None:
    reply = cast.owner.browser.post(
        "/sources/new",
        {
            "title": "Alpine Plants & Co.",
            "license": "CC-BY-4.0",
            "documents": [text_file(), text_file(b"B", "b.md")],
        },
    )
    source = Source.objects.get()
    assert reply.headers["Location"] == "/sources/alpine-plants-co"
    assert (source.slug, source.organisation, source.state) == (
        "alpine-plants-co",
        cast.owner.organisation,
        "draft",
    )
    assert set(Document.objects.values_list("name", flat=True)) == {"a.txt", "b.md"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "This field is required."),
        ({"title": "!!!"}, "A slug has"),
        ({"slug": "not a slug"}, "Enter a valid “slug”"),
        ({"slug": "Upper"}, "lower-case"),
        ({"slug": "new"}, "is an address of this site"),
        ({"slug": "taken"}, "cannot be had"),
        ({"documents": None}, "Choose at least one .txt or .md file."),
    ],
)
def test_a_refused_registration_keeps_what_was_typed(cast: Cast, changes: dict[str, Any], said: str) -> None:
    draft_source(cast.second_owner, "taken")
    sent = {"title": "Plants", "description": "Of the high Alps.", "documents": [text_file()], **changes}
    reply = cast.owner.browser.post(
        "/sources/new", {key: value for key, value in sent.items() if value is not None}
    )
    page = reply.content.decode()
    assert reply.status_code == 422
    assert said in page
    assert "Of the high Alps." in page
    assert not Source.objects.filter(organisation=cast.owner.organisation).exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (text_file(b"\x89PNG\x00\x01", "picture.txt"), "is not UTF-8 text"),
        (text_file(b"a\x00b", "binary.txt"), "holds binary bytes"),
        (text_file("Größe".encode("latin-1"), "latin.txt"), "is not UTF-8 text"),
        (text_file(b"%PDF", "paper.pdf"), "is not a .txt or .md file"),
        (text_file(b"Whales are mammals.", "copy.txt"), "is there already"),
        (text_file(b" ", "blank.txt"), "is empty"),
    ],
)
def test_a_refused_upload_says_why_at_the_field(cast: Cast, file: SimpleUploadedFile, said: str) -> None:
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    reply = cast.owner.browser.post(f"/sources/{source.slug}/documents", {"documents": [file]})
    page = reply.content.decode()
    assert reply.status_code == 422
    assert said in page
    assert "please choose them again" in page
    assert source.versions.count() == 1


def test_a_refused_first_upload_leaves_the_draft_and_says_so(cast: Cast) -> None:
    reply = cast.owner.browser.post(
        "/sources/new", {"title": "Plants", "documents": [text_file(b"\x00\x00", "x.txt")]}, follow=True
    )
    assert "registered, but its upload was refused" in reply.content.decode()
    assert reply.redirect_chain == [("/sources/plants/documents", 302)]
    assert Source.objects.get().state == "draft"


# --- policies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [FULL, PRIVATE, OPEN], ids=["attribution", "privacy", "measurement"])
def test_a_policy_goes_through_the_form_and_back_without_loss(written: dict[str, Any]) -> None:
    plain.parse(written)
    form = PolicyForm(typed(written))
    assert form.is_valid(), form.errors
    assert form.plain() == written


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=policies())
def test_what_nobody_changed_stays_to_the_letter(written: dict[str, Any]) -> None:
    form = PolicyForm(typed(written), in_force=written)
    assert form.is_valid(), form.errors
    assert form.plain() == written


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=policies())
def test_the_form_alone_says_everything_that_a_policy_says(written: dict[str, Any]) -> None:
    """Also without knowing how it was written: the clauses are the same, windows in any order."""
    form = PolicyForm(typed(written))
    assert form.is_valid(), form.errors
    said, meant = plain.parse(form.plain()), plain.parse(written)
    assert set(said.limits.all_windows) == set(meant.limits.all_windows)
    for one, other in zip(said.clauses, meant.clauses, strict=True):
        if not isinstance(one, Influence):
            assert one == other


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(written=policies(), price=st.integers(0, 100))
def test_a_change_in_one_place_changes_nothing_else(written: dict[str, Any], price: int) -> None:
    form = PolicyForm({**typed(written), "price_micro_usd_per_nat": price}, in_force=written)
    assert form.is_valid(), form.errors
    changed = {term for term, value in form.plain().items() if written.get(term) != value}
    assert changed <= set(Prices.terms)
    assert (form.plain().get("price_micro_usd_per_nat") or 0) == price


def test_every_term_of_a_policy_has_a_field() -> None:
    form = PolicyForm()
    assert {path.split(".")[1] for path in FIELDS} | {"prices"} == set(plain.terms())
    assert set(FIELDS.values()) <= set(form.fields)


def test_what_is_emptied_is_gone(cast: Cast) -> None:
    more = {"countries": {"allow": ["DE"]}, "minimum_coalition": 2, "attribution_notice": "From the almanac."}
    source = publish(cast.owner, draft_source(cast.owner), **{**FULL, **more})
    sent = {**typed(source.policy.plain if source.policy else None), "countries": "", "minimum_coalition": ""}
    cast.owner.browser.post(f"/sources/{source.slug}/policy", {**sent, "do": "publish"})
    source.refresh_from_db()
    assert source.policy is not None
    assert source.policy.plain == {**FULL, "attribution_notice": "From the almanac."}


def test_publishing_makes_a_version_and_the_source_live(cast: Cast) -> None:
    source = draft_source(cast.owner)
    reply = cast.owner.browser.post(f"/sources/{source.slug}/policy", {**typed(FULL), "do": "publish"})
    source.refresh_from_db()
    assert reply.headers["Location"] == f"/sources/{source.slug}"
    assert source.policy is not None
    assert (source.policy.plain, source.state) == (FULL, "live")


def test_checking_publishes_nothing_and_says_the_policy_in_words(cast: Cast) -> None:
    source = draft_source(cast.owner)
    reply = cast.owner.browser.post(f"/sources/{source.slug}/policy", {**typed(FULL), "do": "check"})
    assert reply.status_code == 200
    assert "It moves one answer by at most 200 nats." in reply.content.decode()
    assert not PolicyVersion.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"price_micro_usd_per_nat": ""}, "price_micro_usd_per_nat", "This field is required."),
        ({"price_micro_usd_per_nat": "-1"}, "price_micro_usd_per_nat", "greater than or equal to 0"),
        ({"max_gamma": "1.5"}, "max_gamma", "less than or equal to 1"),
        ({"purposes": ["piracy"]}, "purposes", "not one of the available choices"),
        ({"per_answer": "300", "per_consumer_day": "100"}, "per_answer", "is larger than the limit"),
        ({"window_hour_rolling_all": "9", "lifetime": "8"}, "window_hour_rolling_all", "is larger than"),
        ({"floor_nats": ""}, "floor_nats", "needs floor_nats"),
        ({"regime": "privacy", **NO_PRIVACY}, "privacy_budget", "finite privacy clause"),
        ({"privacy_eta": ""}, "privacy_eta", "needs this value"),
        ({"purposes": ["market-research"], "purposes_denied": ["research"]}, "purposes", "has no effect"),
        ({"valid_until": "2020-01-01T00:00"}, "valid_until", "ends before it begins"),
        ({"consumers_denied": "buyer"}, "consumers", "both allowed and denied"),
    ],
)  # fmt: skip
def test_a_policy_that_does_not_hold_together_is_refused_at_its_field(
    cast: Cast, changes: dict[str, Any], field: str, said: str
) -> None:
    source = draft_source(cast.owner)
    sent = {**typed(FULL), **changes}
    reply = cast.owner.browser.post(f"/sources/{source.slug}/policy", {**sent, "do": "publish"})
    assert reply.status_code == 422
    assert said in " ".join(reply.context["form"].errors[field])
    assert "second-owner" in reply.content.decode()  # what else was typed is still there
    assert not PolicyVersion.objects.exists()
    preview = cast.owner.browser.post(f"/sources/{source.slug}/policy/preview", sent)
    assert "does not hold together yet" in preview.content.decode()


def test_the_preview_says_what_the_form_would_publish(scene: Scene) -> None:
    address = f"/sources/{scene.alpine.slug}/policy/preview"
    page = scene.cast.owner.browser.post(address, typed({**OPEN, "max_gamma": 0.5})).content.decode()
    assert "Its voting right is at most 50%." in page
    assert "<html" not in page


def test_leaving_the_privacy_regime_without_a_new_version_is_refused_in_words(cast: Cast) -> None:
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    browser = cast.owner.browser
    browser.post(f"/sources/{source.slug}/policy", {**typed(PRIVATE), "do": "publish"})
    reply = browser.post(f"/sources/{source.slug}/policy", {**typed(OPEN), "do": "publish"})
    assert reply.status_code == 422
    assert "that promise cannot be taken back" in reply.content.decode()


# --- keys -------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_kept_as_a_digest(cast: Cast) -> None:
    browser = cast.buyer.browser
    reply = browser.post(
        "/keys",
        {
            "name": "report",
            "scopes": ["answers", "receipts"],
            "spend_cap_usd": "2.5",
            "default_purpose": "research",
        },
    )
    key = ApiKey.objects.get(name="report")
    page = reply.content.decode()
    assert f"dvm_{key.prefix}_" in page
    assert reply["Cache-Control"] == "no-store"
    assert (key.scopes, key.spend_cap_micro_usd, key.default_purpose) == (
        ["answers", "receipts"],
        2_500_000,
        "research",
    )
    secret = page.split(f"dvm_{key.prefix}_")[1].split('"')[0]
    assert len(secret) > 30
    assert secret not in browser.get("/keys").content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"spend_cap_usd": "-3"}, "greater than or equal to 0"),
        ({"spend_cap_usd": "0.0000001"}, "no more than 6 decimal places"),
        ({"expires_on": "2020-01-01"}, "must expire after it is issued"),
    ],
)
def test_a_refused_key_says_why(cast: Cast, changes: dict[str, Any], said: str) -> None:
    before = ApiKey.objects.count()
    sent = {"name": "report", "scopes": ["answers"], **changes}
    reply = cast.buyer.browser.post("/keys", sent)
    assert reply.status_code == 422
    assert said in reply.content.decode()
    assert ApiKey.objects.count() == before


def test_a_revoked_key_stays_in_the_list_and_stops_at_once(cast: Cast) -> None:
    key = ApiKey.objects.get(organisation=cast.buyer.organisation)
    reply = cast.buyer.browser.post(f"/keys/{key.pk}/revoke", follow=True)
    assert "is revoked" in reply.content.decode()
    key.refresh_from_db()
    assert key.revoked_at is not None


# --- caps of a key ------------------------------------------------------------------------------------------


def change_caps(cast: Cast, in_all: str, daily: str, who: str = "owner") -> tuple[ApiKey, str]:
    key = ApiKey.objects.get(organisation=cast.owner.organisation)
    values = {f"key-{key.pk}-spend_cap_usd": in_all, f"key-{key.pk}-daily_cap_usd": daily}
    reply = getattr(cast, who).browser.post(f"/keys/{key.pk}/caps", values, follow=True)
    key.refresh_from_db()
    return key, str(reply.status_code) + reply.content.decode()


def test_both_caps_of_a_key_are_changed_and_shown_with_what_is_left(cast: Cast) -> None:
    key, page = change_caps(cast, "2.5", "0.75")
    assert (key.spend_cap_micro_usd, key.daily_cap_micro_usd) == (2_500_000, 750_000)
    assert "are changed" in page
    assert "left until midnight UTC" in page
    key, page = change_caps(cast, "", "")
    assert (key.spend_cap_micro_usd, key.daily_cap_micro_usd) == (None, None)
    assert "no cap" in page


def test_a_cap_that_is_no_amount_is_said_and_changes_nothing(cast: Cast) -> None:
    key, page = change_caps(cast, "-1", "x")
    assert (key.spend_cap_micro_usd, key.daily_cap_micro_usd) == (None, None)
    assert "Spend cap of “tests”" in page
    assert "Spend cap a day of “tests”" in page


@pytest.mark.parametrize("who", ["outsider", "buyer", "second_owner"])
def test_a_key_of_others_has_no_caps_to_change(cast: Cast, who: str) -> None:
    key, page = change_caps(cast, "1", "1", who)
    assert page.startswith("404")
    assert key.spend_cap_micro_usd is None
