"""POST /v1/receipts/{id}/total-effect: the request asked again without a source, paid for as an answer."""

import pytest

from accounting.models import Receipt
from inference.models import Answer

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}


def answered(scene, **body):
    reply = scene.ask(max_tokens=8, **body)
    assert reply.status_code == 200, reply.content
    return reply.json()


def effect(scene, receipt_id, source="python-guide", actor=None, **more):
    return (actor or scene.cast.buyer).api.post(
        f"/v1/receipts/{receipt_id}/total-effect", {"source": source, **more}, format="json"
    )


def test_the_rerun_has_no_seat_for_the_source_and_is_charged_and_receipted(scene):
    first = answered(scene)
    money = scene.money_left()
    found = effect(scene, first["abc"]["receipt_id"]).json()
    assert found["sources"] == {"with": ["python-guide"], "without": []}
    rerun = Receipt.objects.get(pk=found["rerun"]["receipt_id"])
    assert found["rerun"]["charge_micro_usd"] == rerun.total_micro_usd == money - scene.money_left()
    assert found["text"]["with"] == first["choices"][0]["message"]["content"]
    assert found["text"]["equal"] is (found["text"]["with"] == found["text"]["without"])
    assert found["tokens"] == 8
    assert found["seeded"] is True


def test_of_a_lone_voter_the_total_effect_is_its_attribution(scene):
    """Nothing takes its seat, so pinned and unpinned are the same composition: the core alone."""
    first = answered(scene)
    found = effect(scene, first["abc"]["receipt_id"]).json()
    (own,) = first["abc"]["sources"]
    for name in ("forward", "reverse", "symmetric"):
        assert found["divergence_nats"][name] == pytest.approx(own["attribution_nats"][name], rel=1e-3)
    assert found["log_likelihood"]["difference"] == pytest.approx(own["help_nats"] * 8, rel=1e-3)
    assert found["attribution_nats"] == own["attribution_nats"]


def test_another_source_takes_the_seat_that_is_free_and_is_paid(scene, settings):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="second-guide")
    settings.SEATS = 1
    first = answered(scene)
    seated = first["abc"]["sources"][0]["source"]
    found = effect(scene, first["abc"]["receipt_id"], seated).json()
    other = {"python-guide": "second-guide", "second-guide": "python-guide"}[seated]
    assert found["sources"] == {"with": [seated], "without": [other]}
    assert found["rerun"]["charge_micro_usd"] > 0
    alone = first["abc"]["sources"][0]["attribution_nats"]["symmetric"]
    assert found["divergence_nats"]["symmetric"] < alone / 10, "its twin says nearly the same"


def test_the_wishes_of_the_first_request_hold_for_the_second(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="second-guide")
    wishes = {
        "only": ["python-guide", "second-guide"],
        "require": ["python-guide"],
        "gamma": {"python-guide": 0.5},
    }
    first = answered(scene, abc=wishes)
    found = effect(scene, first["abc"]["receipt_id"]).json()
    assert found["sources"]["without"] == ["second-guide"]


def test_a_request_without_a_seed_says_that_luck_counts_too(scene):
    first = answered(scene, seed=None)
    assert effect(scene, first["abc"]["receipt_id"]).json()["seeded"] is False


def test_a_price_limit_of_its_own_is_kept(scene):
    scene.offer("python-guide", scene.cast.second_owner, as_slug="second-guide")
    first = answered(scene)
    found = effect(scene, first["abc"]["receipt_id"], max_price_micro_usd=0).json()
    assert found["rerun"]["charge_micro_usd"] == 0


def test_what_is_no_voter_or_not_bought_or_not_kept_is_refused(scene):
    first, unkept = answered(scene)["abc"], answered(scene, abc={"store": False})["abc"]
    reply = effect(scene, first["receipt_id"], "whale-book")
    assert (reply.status_code, reply.json()["code"]) == (422, "not_a_voter")
    assert effect(scene, first["receipt_id"], actor=scene.cast.owner).status_code == 404
    assert effect(scene, unkept["receipt_id"]).json()["code"] == "no_transcript"
    several = scene.ask(n=2, max_tokens=4).json()["choices"][0]["abc"]["receipt_id"]
    assert effect(scene, several).json()["code"] == "no_request"
    reading = scene.cast.buyer.key_for("receipts")
    address = f"/v1/receipts/{first['receipt_id']}/total-effect"
    assert reading.post(address, {"source": "python-guide"}, format="json").status_code == 403
    assert Answer.objects.filter(kind="measurement").count() == 0


def test_of_a_private_answer_there_is_none(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)
    private = {"mode": "private", "only": ["clinic"]}
    abc = scene.ask(about="whale-book", seed=None, abc=private).json()["abc"]
    reply = effect(scene, abc["receipt_id"], "clinic")
    assert (reply.status_code, reply.json()["code"]) == (409, "private_answer")
