"""What buttons do: the use case runs, the page says what happened, the audit knows who it was."""

import csv
import io

import pytest
from django.utils import timezone

from accounting.models import AuditEvent
from marketplace.models import Job, JobState, Source, SourceState
from tests.builders import draft_source
from tests.pages.scene import Scene, pay, private_body

pytestmark = pytest.mark.django_db


def press(scene: Scene, action: str, slug: str = "alpine-plants", **values: str) -> str:
    reply = scene.cast.owner.browser.post(f"/sources/{slug}/{action}", values, follow=True)
    assert reply.status_code == 200
    return reply.content.decode()


def test_suspend_and_resume(scene: Scene) -> None:
    page = press(scene, "suspend", reason="Rights unclear")
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.SUSPENDED
    assert "is suspended: it does not vote for now" in page
    assert "Reason: Rights unclear" in page
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.action, event.subject) == ("owner", "source.suspended", "source:alpine-plants")
    assert "may vote again" in press(scene, "resume")
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.LIVE


def test_withdrawing_needs_the_short_name(scene: Scene) -> None:
    assert "Nothing was withdrawn" in press(scene, "withdraw", reason="x", confirm="alpine")
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.LIVE
    page = press(scene, "withdraw", reason="Sold", confirm="alpine-plants")
    scene.alpine.refresh_from_db()
    assert scene.alpine.state == SourceState.WITHDRAWN
    assert "Switch it off" not in page
    assert "Train" not in page.split("<main")[1]


def test_a_refusal_is_shown_and_nothing_is_said_to_be_done(scene: Scene) -> None:
    page = press(scene, "suspend", slug="parish-registers", reason="x")
    assert "A draft does not vote, so it cannot be suspended." in page
    assert "is suspended: it does not" not in page


def test_training_a_source_without_documents_says_what_is_missing(scene: Scene) -> None:
    draft_source(scene.cast.owner, "bare")
    assert "has no documents yet" in press(scene, "train", slug="bare")


def test_training_is_followed_and_cancelled(scene: Scene) -> None:
    browser = scene.cast.owner.browser
    page = browser.get("/sources/bird-calls").content.decode()
    assert 'data-progress="/sources/bird-calls/progress"' in page
    assert 'max="8000" value="3200"' in page
    job = Job.objects.get(source__slug="bird-calls")
    assert browser.get("/sources/bird-calls/progress").json() == {
        "job": job.pk, "state": "running", "done": 3200, "total": 8000,
        "sentence": "Training the adapter: 3,200 of 8,000 tokens (40%).",
    }  # fmt: skip
    assert "was cancelled" in press(scene, "train/cancel", slug="bird-calls")
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert "No training is under way" in press(scene, "train/cancel", slug="bird-calls")


def test_a_failed_training_says_why_and_can_be_started_again(scene: Scene) -> None:
    Job.objects.filter(source__slug="bird-calls").update(
        state=JobState.FAILED, message="The disk is full.", lease_until=None
    )
    page = scene.cast.owner.browser.get("/sources/bird-calls").content.decode()
    assert "The last training failed" in page
    assert "The disk is full." in page
    assert "data-progress" not in page
    assert "Train again" in page


def test_training_starts_from_the_page(scene: Scene) -> None:
    assert "Training has begun" in press(scene, "train", slug="parish-registers")
    assert Job.objects.get(source__slug="parish-registers").state == JobState.QUEUED


def test_a_source_that_the_operator_suspended_is_not_resumed_by_its_owner(scene: Scene) -> None:
    Source.objects.filter(pk=scene.alpine.pk).update(state=SourceState.SUSPENDED, suspended_by_operator=True)
    page = scene.cast.owner.browser.get("/sources/alpine-plants").content.decode()
    assert "only the operator can resume it" in page
    assert scene.cast.owner.browser.post("/sources/alpine-plants/resume").status_code == 403


def test_the_csv_holds_every_line_to_the_last_micro_usd(scene: Scene) -> None:
    reply = scene.cast.owner.browser.get("/earnings.csv")
    rows = list(csv.DictReader(io.StringIO(reply.getvalue().decode())))
    assert len(rows) == 6  # four answers on alpine plants, two of them on tides too
    assert {row["source"] for row in rows} == {"alpine-plants", "harbour-tides"}
    total = sum(int(row["earned_micro_usd"]) for row in rows)
    page = scene.cast.owner.browser.get("/").content.decode()
    assert f"${total // 1_000_000}.{total % 1_000_000:06d}"[:-4] in page
    one = scene.cast.owner.browser.get("/earnings.csv?source=harbour-tides").getvalue().decode()
    assert len(one.splitlines()) == 3


@pytest.mark.parametrize(
    "signed", [None, {"total_micro_usd": 1}], ids=["by nobody we know", "another receipt"]
)
def test_a_receipt_whose_signature_does_not_match_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, signed: dict[str, int] | None
) -> None:
    address = f"/receipts/{scene.receipt.pk}"
    whole = scene.cast.buyer.browser.get(address).content.decode()
    assert "signature verified" in whole
    assert "sums verified" in whole
    monkeypatch.setattr("accounting.receipt_proof.payload", lambda _jws: signed)
    page = scene.cast.buyer.browser.get(address).content.decode()
    assert "signature does not match" in page
    assert "This receipt does not hold" in page
    assert "signature verified" not in page


def test_the_receipts_lines_and_fee_sum_to_its_total(scene: Scene) -> None:
    page = scene.cast.buyer.browser.get(f"/receipts/{scene.receipt.pk}")
    found = page.context["found"]
    paid = sum(line.earned_micro_usd for line in found.lines) + scene.receipt.fee_micro_usd
    assert paid == scene.receipt.total_micro_usd
    assert found.total_formula in page.content.decode()


def test_a_private_receipt_shows_public_charges_and_nothing_measured(scene: Scene) -> None:
    receipt = pay(scene.cast.buyer, {scene.tides: 0.4}, timezone.now(), body=private_body)
    page = scene.cast.buyer.browser.get(f"/receipts/{receipt.pk}").content.decode()
    assert "a public upper bound of it is charged instead" in page
    assert "0.400" in page
    for hidden in ("Relevance", "Gamma", "help", "Shared influence", "None"):
        assert hidden not in page.split("Raw receipt")[0], hidden
    owners = scene.cast.owner.browser.get(f"/receipts/{receipt.pk}").content.decode()
    assert "Relevance" not in owners
