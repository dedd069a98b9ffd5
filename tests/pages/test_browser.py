"""The owners' way and the operator's first page in a real browser, light and dark, wide and narrow."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from marketplace.models import Job, JobState, PartitionState, Source
from tests.builders import name_core
from tests.cast import make_cast
from tests.pages.browsing import Scheme, chromium, window
from tests.pages.budget_scene import use_windows
from tests.pages.scene import Scene, set_scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def nothing(_task: str, _queue: str, _values: dict[str, object]) -> None:
    """A runner that leaves the work in its row: trainings wait."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright's loop runs in this thread, beside the tests' own use of the database."""
    with pytest.MonkeyPatch.context() as patch, chromium() as started:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started


@pytest.fixture
def staged(settings, tmp_path: Path, browser: Browser, transactional_db: None) -> Scene:
    """The scene, in a database that the server's threads see."""
    settings.CORE_DIRECTORY = tmp_path / "core"
    settings.WORK_RUNNERS = {**settings.WORK_RUNNERS, "immediate": "tests.pages.test_browser.nothing"}
    name_core("smollm2-135m-instruct")
    return set_scene(make_cast())


def in_another_thread(call) -> None:
    """Write rows while Playwright's loop owns this thread."""
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_an_owner_registers_uploads_sets_a_policy_and_follows_training(
    staged: Scene, live_server: LiveServer, browser: Browser, tmp_path: Path
) -> None:
    notes = tmp_path / "ferns.md"
    notes.write_text("# Ferns\n" + "They unroll.\n" * 50)
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.sign_in("owner")
        page.get_by_role("link", name="Register a source").click()
        page.get_by_label("Title").fill("Ferns of the north")
        page.get_by_label("Documents").set_input_files(notes)
        expect(page.get_by_text("ferns.md, 0.7 kB")).to_be_visible()
        page.get_by_role("button", name="Register and upload").click()
        expect(page.get_by_role("heading", name="Ferns of the north")).to_be_visible()

        page.get_by_role("link", name="Set a policy").click()
        expect(page.locator("#summary")).to_contain_text("said in plain words as you go")
        page.locator("[name=purposes][value=research]").check()
        expect(page.locator("#summary")).to_contain_text("It may be used for research.")
        page.get_by_label("Insist on attribution").check()
        expect(page.locator("#summary")).to_contain_text("needs floor_nats")
        page.get_by_label("Least attribution").fill("0.5")
        expect(page.locator("#summary")).to_contain_text("rest on it by at least 0.5 nats")
        page.get_by_role("button", name="Publish this policy").click()
        expect(page.get_by_text("Published. It holds from the next answer on.")).to_be_visible()
        expect(page.locator(".badge.good").first).to_have_text("live")

        page.get_by_role("button", name="Train the partition").click()
        expect(page.locator("[data-stage]")).to_have_text("Waiting for a training worker.")
        in_another_thread(lambda: _train_on(3000))
        expect(page.locator("[data-stage]")).to_have_text(
            "Training the adapter: 3,000 of 8,000 tokens (37%)."
        )
        assert page.locator("progress").get_attribute("value") == "3000"
        in_another_thread(_finish)
        expect(page.get_by_text("It votes:")).to_be_visible()
        assert page.locator("progress").count() == 0


def _train_on(done: int) -> None:
    Job.objects.filter(source__slug="ferns-of-the-north").update(
        state=JobState.RUNNING, stage="adapter", progress_done=done, progress_total=8000
    )


def _finish() -> None:
    job = Job.objects.get(source__slug="ferns-of-the-north")
    metrics = {"held_out_bits_core": 1.2, "held_out_bits_adapter": 1.1, "votes": True}
    type(job.partition).objects.filter(pk=job.partition_id).update(
        state=PartitionState.ACTIVE, digest="d" * 64, metrics=metrics
    )
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, lease_until=None)


def test_earnings_lead_to_receipts_and_receipts_to_numbers(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.sign_in("owner")
        page.get_by_role("link", name="Earnings", exact=True).click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download CSV").click()
        assert len(Path(download.value.path()).read_text().splitlines()) == 22
        page.locator("td[data-label=Receipt] a").first.click()
        expect(page.get_by_text("signature verified")).to_be_visible()
        expect(page.get_by_text("nats × 800 µ$")).to_be_visible()
        expect(page.get_by_text("essays")).to_have_count(0)


def test_a_new_key_can_be_copied_and_withdrawing_asks_twice(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    with window(browser, live_server.url) as seen:
        page = seen.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        seen.sign_in("owner")
        page.get_by_role("link", name="Keys", exact=True).click()
        page.get_by_label("Name").fill("nightly report")
        page.get_by_label("answers").check()
        page.get_by_role("button", name="Issue the key").click()
        page.get_by_role("button", name="Copy").click()
        assert page.evaluate("navigator.clipboard.readText()").startswith("dvm_")
        seen.open("/sources/harbour-tides")
        page.get_by_text("Withdraw…").click()
        page.locator("#withdraw-reason").fill("Sold")
        page.locator("#withdraw-slug").fill("harbour-tides")
        page.get_by_role("button", name="Withdraw for good").click()
        expect(page.get_by_text("it never votes again").first).to_be_visible()


def test_an_operator_suspends_a_source_with_a_reason(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    source = staged.alpine
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.sign_in("operator")
        page.get_by_role("link", name="Console").click()
        expect(page.get_by_text("The books are even")).to_be_visible()
        seen.open(f"/admin/marketplace/source/{source.pk}/change/")
        page.get_by_role("link", name="Suspend").click()
        page.locator("#dialog input[name=reason]").fill("A complaint")
        page.locator("#dialog button[type=submit]").click()
        expect(page.get_by_text(f"{source.title} is suspended.")).to_be_visible()
    states: list[str] = []
    in_another_thread(lambda: states.append(Source.objects.get(pk=source.pk).state))
    assert states == ["suspended"]


def test_an_owner_sees_how_full_budgets_are_and_pauses_one(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    in_another_thread(lambda: use_windows(staged))
    for scheme, width in LOOKS:
        with window(browser, live_server.url, scheme=scheme, width=width) as seen:
            seen.sign_in("owner")
            seen.open("/sources/alpine-plants/budgets")
            assert seen.fits_its_width(), (scheme, width)
            seen.picture(f"budgets-in-use-{scheme}-{width}")
    with window(browser, live_server.url) as seen:
        page = seen.page
        seen.sign_in("owner")
        seen.open("/sources/alpine-plants")
        page.get_by_role("link", name="Budgets", exact=True).click()
        card = page.get_by_role("region", name="All organisations, any 60 minutes")
        card.get_by_label("Pause: All organisations").click()
        card.get_by_label("Why?").fill("A check")
        card.get_by_role("button", name="Pause now").click()
        expect(page.get_by_text("Paused: answers that count there go on")).to_be_visible()
        expect(card.get_by_text("Reason: A check")).to_be_visible()
        seen.picture("budgets-paused")
        card.get_by_role("button", name="Resume").click()
        expect(page.get_by_text("Resumed: it gives again")).to_be_visible()


LOOKS: tuple[tuple[Scheme, int], ...] = (("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360))


def test_every_page_in_light_and_dark_fits_wide_and_narrow_screens(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    receipt = f"/receipts/{staged.receipt.pk}"
    owners = {
        "home": "/", "sources": "/sources", "register": "/sources/new", "source": "/sources/alpine-plants",
        "training": "/sources/bird-calls", "policy": "/sources/harbour-tides/policy",
        "documents": "/sources/alpine-plants/documents", "earnings": "/earnings", "owner-receipt": receipt,
        "keys": "/keys", "budgets": "/sources/alpine-plants/budgets",
    }  # fmt: skip
    buyers = {"buyer-home": "/", "account": "/account", "receipt": receipt, "wallet": "/wallet"}
    for scheme, width in LOOKS:
        for person, pages in (("owner", owners), ("buyer", buyers)):
            with window(browser, live_server.url, scheme=scheme, width=width) as seen:
                seen.open("/sign-in")
                seen.picture(f"sign-in-{scheme}-{width}", whole=False)
                seen.sign_in(person)
                for name, address in pages.items():
                    seen.open(address)
                    assert seen.fits_its_width(), (name, width)
                    seen.picture(f"{name}-{scheme}-{width}")
        with window(browser, live_server.url, scheme=scheme, width=width) as seen:
            seen.sign_in("operator")
            seen.open("/admin/")
            seen.page.wait_for_load_state("networkidle")
            seen.picture(f"console-{scheme}-{width}", whole=False)


def test_an_owner_tries_a_policy_and_replays_the_past_before_publishing_it(
    staged: Scene, live_server: LiveServer, browser: Browser
) -> None:
    for scheme, width in LOOKS:
        with window(browser, live_server.url, scheme=scheme, width=width) as seen:
            seen.sign_in("owner")
            seen.open("/sources/alpine-plants/policy")
            page = seen.page
            page.locator("[name=try-organisation]").fill("buyer")
            page.locator("[name=try-purpose]").select_option("advertising")
            page.get_by_role("button", name="Try it").click()
            expect(page.locator("#tried")).to_contain_text("No:")
            page.get_by_role("button", name="Replay", exact=True).click()
            expect(page.locator("#replayed")).to_contain_text("would have been refused")
            page.locator("[name=max_gamma]").fill("0.5")
            expect(page.locator("#summary")).to_contain_text("What would change")
            assert seen.fits_its_width()
            seen.picture(f"policy-tried-{scheme}-{width}")
