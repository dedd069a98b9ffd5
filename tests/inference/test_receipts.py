"""Receipts: who sees them, and that they can be checked long after the answer."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounting.models import Receipt
from inference import engine
from inference.models import Answer, SealedTranscript
from inference.net.replay import replay
from inference.net.tiny import make_tiny_core
from inference.net.tolerance import FLOAT32, Tolerance
from inference.verification import check
from marketplace import standing

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@dataclass
class Clock:
    """A clock that only the test moves."""

    at: datetime = field(default_factory=timezone.now)

    def time(self) -> datetime:
        return self.at

    def move_to(self, moment: datetime) -> None:
        self.at = moment


def receipt_of(scene, **body):
    return scene.ask(**body).json()["abc"]["receipt_id"]


def verify(scene, receipt_id, actor=None):
    reply = (actor or scene.cast.buyer).api.post(f"/v1/receipts/{receipt_id}/verify")
    assert reply.status_code == 200, reply.content
    return reply.json()


def test_a_receipt_is_replayed_and_agrees(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    found = verify(scene, receipt_of(scene, max_tokens=12))
    assert (found["signature"], found["sums"], found["replayed"], found["reason"]) == (True, True, True, None)
    assert found["max_error"] < 1e-6


def test_an_answer_whose_caps_bind_is_replayed_too(scene):
    receipt_id = receipt_of(scene, max_tokens=8, abc={"max_influence_nats": 0.5})
    found = verify(scene, receipt_id)
    assert found["replayed"], found


def test_a_long_replay_is_not_taken_for_lost_work(scene, monkeypatch):
    receipt_id = receipt_of(scene, max_tokens=40)
    leases: list[timedelta] = []

    def slow(**what):
        for token in replay(**what):
            clock.move_to(clock.time() + timedelta(seconds=settings.ANSWER_LEASE_SECONDS / 20))
            lease = Answer.objects.get(kind="verification").lease_until
            assert lease is not None
            leases.append(lease - clock.time())
            yield token

    clock = Clock()
    monkeypatch.setattr("inference.replaying.replay", slow)
    engine.use(replace(scene.bench, now=clock.time))
    assert verify(scene, receipt_id)["replayed"]
    assert min(leases) > timedelta(0)


def test_a_receipt_that_was_tampered_with_is_found_out(scene):
    receipt = Receipt.objects.get(pk=receipt_of(scene))
    assert check(receipt).signature
    receipt.body["sources"][0]["attribution_nats"]["symmetric"] *= 1.01
    assert not check(receipt).signature


@pytest.mark.parametrize("change", ["charge_micro_usd", "charged_nano_nats"])
def test_a_receipt_whose_lines_do_not_add_up_is_found_out(scene, change):
    receipt = Receipt.objects.get(pk=receipt_of(scene))
    assert check(receipt).sums
    receipt.body["sources"][0]["line"][change] += 1
    assert not check(receipt).sums


def test_no_transcript_means_no_replay_and_a_reason(scene):
    found = verify(scene, receipt_of(scene, abc={"store": False}))
    assert (found["signature"], found["sums"], found["replayed"]) == (True, True, False)
    assert found["code"] == "no_transcript"
    assert "No transcript" in found["reason"]


def test_an_expired_transcript_is_not_replayed(scene):
    receipt_id = receipt_of(scene)
    SealedTranscript.objects.update(expires_at=timezone.now())
    found = verify(scene, receipt_id)
    assert found["code"] == "transcript_expired"
    assert "expired" in found["reason"]


def test_a_withdrawn_source_is_not_brought_back(scene):
    receipt_id = receipt_of(scene)
    standing.withdraw(
        source=scene.sources["python-guide"],
        acting_user=scene.cast.owner.user,
        now=timezone.now(),
        reason="gone",
    )
    found = verify(scene, receipt_id)
    assert not found["replayed"]
    assert found["code"] == "partition_withdrawn"
    assert "python-guide" in found["reason"]


def test_an_owner_who_verifies_reads_no_names_of_other_voters(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    receipt_id = receipt_of(scene)
    standing.withdraw(
        source=scene.sources["python-guide"],
        acting_user=scene.cast.owner.user,
        now=timezone.now(),
        reason="gone",
    )
    found = verify(scene, receipt_id, scene.cast.second_owner)
    assert found["code"] == "partition_withdrawn"
    assert found["reason"] == "These sources have been withdrawn since: other voters of the answer."
    assert "python-guide" in verify(scene, receipt_id)["reason"]


def test_a_receipt_of_another_core_is_not_replayed(scene, settings, tmp_path):
    receipt_id = receipt_of(scene)
    settings.CORE_DIRECTORY = make_tiny_core(tmp_path / "other", seed=99)
    assert verify(scene, receipt_id)["code"] == "core_changed"


def test_a_core_that_only_the_engine_knows_to_be_another_is_said_too(scene):
    receipt_id = receipt_of(scene)
    engine.use(replace(scene.bench, core=replace(scene.bench.core, digest="0" * 64)))
    assert verify(scene, receipt_id)["code"] == "core_changed"


def test_a_partition_whose_files_are_gone_is_named(scene):
    receipt_id = receipt_of(scene)

    def gone(digest):
        raise FileNotFoundError(digest)

    scene.open_files_by(gone)
    found = verify(scene, receipt_id)
    assert (found["replayed"], found["code"]) == (False, "partition_unreadable")
    assert "python-guide" in found["reason"]


def test_a_transcript_sealed_under_another_secret_cannot_be_read(scene, settings):
    receipt_id = receipt_of(scene)
    SealedTranscript.objects.update(ciphertext=b"x" * 200)
    assert verify(scene, receipt_id)["code"] == "transcript_unreadable"


def test_a_divergence_that_was_not_measured_so_is_found_by_the_replay(scene, monkeypatch):
    def louder(**what):
        for token in replay(**what):
            yield replace(token, symmetric={label: nats * 1.01 for label, nats in token.symmetric.items()})

    receipt_id = receipt_of(scene)
    monkeypatch.setattr("inference.replaying.replay", louder)
    found = verify(scene, receipt_id)
    assert (found["replayed"], found["code"]) == (False, "divergences_differ")
    assert found["max_error"] > 0
    assert found["reason"] == "The divergences of python-guide differ."


def test_the_tolerance_stands_on_the_receipt_and_the_replay_is_held_to_it(scene):
    measured = Tolerance("bfloat16", 0.02, 1e-4)
    engine.use(replace(scene.bench, replay_tolerance=measured))
    receipt_id = receipt_of(scene)
    assert Receipt.objects.get(pk=receipt_id).body["replay_tolerance"] == measured.as_json()
    engine.use(scene.bench)
    assert verify(scene, receipt_id)["tolerance"] == measured.as_json()
    assert verify(scene, receipt_of(scene, seed=8))["tolerance"] == FLOAT32.as_json()


def test_the_buyer_sees_the_whole_an_owner_its_own_lines_and_others_nothing(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    receipt_id = receipt_of(scene)
    address = f"/v1/receipts/{receipt_id}"
    whole = scene.cast.buyer.api.get(address).json()
    assert {one["source"] for one in whole["sources"]} == {"python-guide", "other-guide"}
    assert whole["jws"]
    for actor, slug in ((scene.cast.owner, "python-guide"), (scene.cast.second_owner, "other-guide")):
        own = actor.api.get(address).json()
        assert [one["source"] for one in own["sources"]] == [slug]
        assert "jws" not in own
        assert "consumer" not in own
        assert actor.api.get(f"{address}/jws").status_code == 404
    for path in (address, f"{address}/jws"):
        assert scene.cast.outsider.api.get(path).status_code == 404
        assert scene.cast.stranger.get(path).status_code == 401
    assert scene.cast.outsider.api.post(f"{address}/verify").status_code == 404


def test_a_key_without_the_scope_sees_no_receipts(scene):
    receipt_id = receipt_of(scene)
    narrow = scene.cast.buyer.key_for("answers")
    for path in ("/v1/receipts", f"/v1/receipts/{receipt_id}"):
        assert narrow.get(path).status_code == 403


def test_receipts_are_listed_newest_first_to_their_buyer_only(scene):
    made = [receipt_of(scene, seed=seed) for seed in (1, 2)]
    listed = scene.cast.buyer.api.get("/v1/receipts").json()
    assert [row["receipt_id"] for row in listed["results"]] == made[::-1]
    assert set(listed) == {"results", "next", "previous"}
    assert scene.cast.outsider.api.get("/v1/receipts").json()["results"] == []


def test_the_signed_text_is_the_receipt(scene):
    from accounting import signing

    receipt_id = receipt_of(scene)
    reply = scene.cast.buyer.api.get(f"/v1/receipts/{receipt_id}/jws")
    assert reply["Content-Type"] == "application/jose"
    assert signing.payload(reply.content.decode()) == Receipt.objects.get(pk=receipt_id).body
