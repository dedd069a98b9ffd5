"""POST /v1/receipts/{id}/attribution: any sets of the voters, each removed as a whole."""

import pytest

from accounting.maths.renyi import divergence
from inference.models import SealedTranscript
from inference.net.replay import pinned_rerun
from inference.net.transcript import Transcript
from inference.sealing import unseal

pytestmark = [pytest.mark.books, pytest.mark.django_db]


@pytest.fixture
def alike(scene):
    """Two owners whose sources are nearly the same text, so that one seat is shared."""
    scene.offer("python-guide", scene.cast.second_owner, as_slug="other-guide")
    return scene


def attribution(scene, receipt_id, sets, actor=None):
    return (actor or scene.cast.buyer).api.post(
        f"/v1/receipts/{receipt_id}/attribution", {"sets": sets}, format="json"
    )


def test_a_set_of_one_is_what_the_receipt_says_of_it_and_the_whole_is_what_all_moved(alike):
    abc = alike.ask(max_tokens=10).json()["abc"]
    slugs = [source["source"] for source in abc["sources"]]
    told = attribution(alike, abc["receipt_id"], [*([slug] for slug in slugs), slugs]).json()
    assert told["tokens"] == 10
    *single, together = told["sets"]
    assert together["attribution_nats"]["symmetric"] > 0
    alone = sum(source["attribution_nats"]["symmetric"] for source in abc["sources"])
    assert together["attribution_nats"]["symmetric"] - alone == pytest.approx(abc["shared_nats"], abs=1e-4)
    assert [one["sources"] for one in single] == [[slug] for slug in slugs]


def test_a_set_is_measured_as_a_decoding_without_all_of_it_says(scene):
    scene.offer("opera-guide", scene.cast.second_owner, as_slug="singers")
    receipt_id = scene.ask(max_tokens=6).json()["abc"]["receipt_id"]
    sealed = SealedTranscript.objects.select_related("answer").get()
    transcript = Transcript.from_json(
        unseal(sealed.ciphertext, organisation_id=sealed.answer.organisation_id, answer_id=sealed.answer.pk)
    )
    labels = [seat.label for seat in transcript.seats]
    adapters = {label: scene.bench.shelf.adapter(scene.partition(label)) for label in labels}
    both = {"core": scene.bench.core, "adapters": adapters, "transcript": transcript}
    forward = 0.0
    for with_set, without in zip(
        pinned_rerun(**both, without=[]), pinned_rerun(**both, without=labels), strict=True
    ):
        forward += divergence(with_set.double().tolist(), without.double().tolist(), 2.0)
    (told,) = attribution(scene, receipt_id, [labels]).json()["sets"]
    assert told["attribution_nats"]["forward"] == pytest.approx(forward, rel=2e-3)


@pytest.mark.parametrize(
    ("sets", "code"),
    [
        ([["whale-book"]], "not_a_voter"),
        ([["no-such-source"]], "not_a_voter"),
        ([], "invalid"),
        ([[]], "invalid"),
        ("python-guide", "invalid"),
        ([["python-guide"]] * 33, "invalid"),
    ],
)
def test_sets_that_cannot_be_measured_are_refused(scene, sets, code):
    reply = attribution(scene, scene.ask().json()["abc"]["receipt_id"], sets)
    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_only_the_buyer_asks(scene):
    receipt_id = scene.ask().json()["abc"]["receipt_id"]
    assert attribution(scene, receipt_id, [["python-guide"]], scene.cast.owner).status_code == 404
