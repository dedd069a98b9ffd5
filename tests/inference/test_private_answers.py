"""Private answers: named voters, public charges, and nothing shown of what a source holds."""

import json

import pytest

from accounting import budgets
from accounting.maths.units import nano_nats_up
from accounting.maths.zcdp import private_charge_nats
from inference.models import SealedTranscript

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
PER_TOKEN = nano_nats_up(private_charge_nats(alpha=2.0, eta=0.1))


@pytest.fixture
def private(scene):
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=PRIVACY)
    return scene


def ask(scene, about="whale-book", **changes):
    body = {"seed": None, "max_tokens": 8, **changes}
    return scene.ask(about=about, **body)


def test_a_private_answer_charges_every_named_source_the_same_public_amount(private):
    reply = ask(private, abc={"mode": "private", "only": ["clinic"]})
    assert reply.status_code == 200, reply.content
    (voter,) = reply.json()["abc"]["sources"]
    assert voter["charge_nats"] == pytest.approx(8 * PER_TOKEN / 1e9)
    spent = budgets.state(private.sources["clinic"].privacy_account_id).spent
    assert spent == 8 * PER_TOKEN


def test_a_source_that_knows_nothing_keeps_its_seat_and_pays_the_same(private):
    about, not_about = (
        ask(private, about=about, abc={"mode": "private", "only": ["clinic"]}).json()["abc"]
        for about in ("whale-book", "python-guide")
    )
    assert about["sources"] == not_about["sources"]
    assert about["composition_hash"] == not_about["composition_hash"]
    assert about["charge_micro_usd"] == not_about["charge_micro_usd"]


def test_nothing_that_depends_on_the_source_is_shown_or_kept(private):
    abc = ask(private, abc={"mode": "private", "only": ["clinic"]}).json()["abc"]
    (voter,) = abc["sources"]
    for field in ("relevance", "gamma_effective", "attribution_nats", "help_nats", "floor"):
        assert voter[field] is None
    assert voter["passages"] == []
    assert abc["shared_nats"] is None
    assert abc["shared_meaning"] is None
    receipt = private.receipt(abc["receipt_id"])
    assert receipt.body["transcript_digest"] is None
    assert not SealedTranscript.objects.exists()
    source = receipt.body["sources"][0]
    assert source["relevance"] is None
    assert "squid" not in json.dumps(receipt.body)


def test_a_private_receipt_holds_no_digest_that_a_guess_of_the_text_could_be_tried_on(private):
    abc = ask(private, abc={"mode": "private", "only": ["clinic"]}).json()["abc"]
    text = json.dumps(private.receipt(abc["receipt_id"]).body)
    partition = private.partition("clinic")
    for digest in (partition.digest, partition.version.digest):
        assert digest not in text


def test_an_open_answer_leaves_a_privacy_source_out_by_its_regime(private):
    abc = private.ask(about="whale-book").json()["abc"]
    assert "clinic" not in {one["source"] for one in abc["sources"]}
    assert abc["excluded_counts"]["regime"] == 1


def test_a_private_answer_ends_a_source_when_its_privacy_budget_is_spent(scene):
    tiny = {**PRIVACY, "budget_nats": 5 * PER_TOKEN / 1e9}
    scene.offer("whale-book", scene.cast.second_owner, as_slug="clinic", regime="privacy", privacy=tiny)
    abc = ask(scene, abc={"mode": "private", "only": ["clinic"]}).json()["abc"]
    assert abc["sources"][0]["charge_nats"] == pytest.approx(5 * PER_TOKEN / 1e9)
    abc = ask(scene, abc={"mode": "private", "only": ["clinic"]}).json()["abc"]
    assert abc["sources"] == []
    assert abc["excluded"][0]["rule"] == "budget"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"temperature": 0}, "temperature"),
        ({"logprobs": True}, "logprobs"),
        ({"top_p": 0.5}, "top_p"),
        ({"seed": 3}, "seed"),
    ],
)
def test_what_would_break_the_guarantee_is_refused(private, changes, param):
    reply = ask(private, abc={"mode": "private", "only": ["clinic"]}, **changes)
    assert reply.status_code == 422
    assert reply.json()["error"]["param"] == param


def test_too_many_private_sources_are_refused(private, settings):
    settings.SEATS = 1
    reply = ask(private, abc={"mode": "private", "only": ["clinic", "whale-book"]})
    assert reply.status_code == 422
    assert reply.json()["error"]["param"] == "abc.only"


def test_a_private_receipt_is_not_replayed(private):
    receipt_id = ask(private, abc={"mode": "private", "only": ["clinic"]}).json()["abc"]["receipt_id"]
    found = private.cast.buyer.api.post(f"/v1/receipts/{receipt_id}/verify").json()
    assert (found["signature"], found["sums"], found["replayed"]) == (True, True, False)
    assert "Private" in found["reason"]


def test_a_private_plan_shows_public_values_only(private):
    body = private.body(about="whale-book", seed=None, abc={"mode": "private", "only": ["clinic"]})
    plan = private.cast.buyer.api.post("/v1/plan", body, format="json").json()
    (seat,) = plan["sources"]
    assert seat["relevance"] is None
    assert seat["cap_nats"] == pytest.approx(6 * PER_TOKEN / 1e9)


@pytest.mark.parametrize("where", ["inference.query.generation_of", "inference.net.decoder.Ballots.prefill"])
def test_a_private_answer_that_fails_before_its_first_token_spends_nothing(private, monkeypatch, where):
    def failing(*_args, **_named):
        raise MemoryError("no room for another row")

    money, budget = private.money_left(), private.sources["clinic"].privacy_account_id
    monkeypatch.setattr(where, failing)
    reply = ask(private, abc={"mode": "private", "only": ["clinic"]})
    assert reply.json()["error"]["code"] == "engine_failed"
    assert private.money_left() == money
    state = budgets.state(budget)
    assert (state.spent, state.held) == (0, 0)


def test_the_owner_sees_the_odometer_before_and_after_each_answer(private):
    for tokens in (8, 4):
        ask(private, max_tokens=tokens, abc={"mode": "private", "only": ["clinic"]})
    told = private.cast.second_owner.api.get("/v1/sources/clinic/privacy").json()
    newest, oldest = told["answers"]
    assert (oldest["before"]["nano_nats"], oldest["after"]["nano_nats"]) == (0, 8 * PER_TOKEN)
    assert newest["before"] == oldest["after"]
    assert newest["after"] == told["odometer"]
    assert told["odometer"]["nano_nats"] == 12 * PER_TOKEN < told["filter"]["nano_nats"] == 1_500_000_000
    assert told["remaining"]["mean_charge_nano_nats"] == 6 * PER_TOKEN
    left = 1_500_000_000 - 12 * PER_TOKEN
    assert told["remaining"]["answers_at_mean_charge"] == left // (6 * PER_TOKEN)
    assert private.cast.second_owner.api.get(f"/v1/receipts/{newest['receipt_id']}").status_code == 200
    page = private.cast.second_owner.browser.get("/sources/clinic").content.decode()
    assert f"/receipts/{newest['receipt_id']}" in page


def test_a_private_plan_says_what_the_answer_can_add_and_what_is_never_exceeded(private):
    body = private.body(about="whale-book", seed=None, abc={"mode": "private", "only": ["clinic"]})
    before = private.cast.buyer.api.post("/v1/plan", body, format="json").json()["sources"][0]["privacy"]
    assert before["this_answer_at_most"]["nano_nats"] == 6 * PER_TOKEN
    assert before["never_above"]["nano_nats"] == 1_500_000_000
    assert [one["delta"] for one in before["never_above"]["guarantees"]] == [1e-5, 1e-6]
    ask(private, abc={"mode": "private", "only": ["clinic"]})
    after = private.cast.buyer.api.post("/v1/plan", body, format="json").json()["sources"][0]["privacy"]
    assert after == before, "what is spent is the owner's to know"


def test_an_open_plan_makes_no_privacy_claim(scene):
    (seat,) = scene.cast.buyer.api.post("/v1/plan", scene.body(), format="json").json()["sources"]
    assert seat["privacy"] is None
