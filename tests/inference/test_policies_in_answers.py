"""What policies say of topics, company, notices, outputs and prices, on the whole way of an answer."""

import pytest

from inference import topics
from inference.places import Places
from tests.inference.scene import ABOUT

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
CLOSURES = {"within": {"examples": ["What is a closure in Python?"], "distance": 0.7}}
NO_CLOSURES = {"not_within": {"keywords": ["closure"], "distance": 0.1}}


def reason(abc, slug):
    return next((one["rule"] for one in abc["excluded"] if one["source"] == slug), None)


def voters(abc):
    return [one["source"] for one in abc["sources"]]


# --- topics -----------------------------------------------------------------------------------------------


def test_a_question_within_the_topic_is_answered(scene):
    scene.offer("python-guide", as_slug="guide", topics=CLOSURES)
    assert voters(scene.ask(abc={"only": ["guide"]}).json()["abc"]) == ["guide"]


def test_a_question_outside_of_it_leaves_the_source_out_by_that_rule(scene):
    scene.offer("python-guide", as_slug="guide", topics={"within": {"examples": [ABOUT["whale-book"]]}})
    abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    assert (voters(abc), reason(abc, "guide")) == ([], "topic")
    refused = scene.ask(abc={"require": ["guide"]})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "policy_denied")


def test_an_excluded_topic_counts_wherever_the_prompt_touches_it(scene):
    scene.offer("python-guide", as_slug="guide", topics=NO_CLOSURES)
    assert reason(scene.ask(abc={"only": ["guide"]}).json()["abc"], "guide") == "topic"
    talk = [
        {"role": "user", "content": "Tell me of a closure."},
        {"role": "assistant", "content": "It keeps variables."},
        {"role": "user", "content": "Does a generator yield values in Python?"},
    ]
    assert reason(scene.ask(messages=talk, abc={"only": ["guide"]}).json()["abc"], "guide") == "topic"
    assert voters(scene.ask(messages=talk[-1:], abc={"only": ["guide"]}).json()["abc"]) == ["guide"]


def test_a_text_that_cannot_be_placed_is_no(scene, monkeypatch):
    scene.offer("python-guide", as_slug="guide", topics=NO_CLOSURES)
    monkeypatch.setattr(Places, "of", lambda *_: {})
    ask = {"messages": [{"role": "user", "content": "Does a generator yield values?"}]}
    assert reason(scene.ask(**ask, abc={"only": ["guide"]}).json()["abc"], "guide") == "topic"


def test_a_prompt_that_is_too_long_to_look_at_is_no(scene, monkeypatch):
    scene.offer("python-guide", as_slug="guide", topics=CLOSURES)
    monkeypatch.setattr(topics, "MOST_PARTS", 0)
    assert reason(scene.ask(abc={"only": ["guide"]}).json()["abc"], "guide") == "topic"


def test_a_private_answer_outside_of_the_topic_is_refused_with_the_rule(scene):
    scene.offer("whale-book", as_slug="clinic", regime="privacy", privacy=PRIVACY, topics=CLOSURES)
    refused = scene.ask(about="whale-book", seed=None, abc={"mode": "private", "only": ["clinic"]})
    assert refused.status_code == 403
    assert "'clinic' does not take this question" in refused.json()["error"]["message"]
    within = scene.ask(about="python-guide", seed=None, abc={"mode": "private", "only": ["clinic"]})
    assert voters(within.json()["abc"]) == ["clinic"]


def test_texts_of_policies_are_embedded_once(encoder, monkeypatch):
    embedded: list[str] = []
    ordinary = encoder.embed

    def counted(texts):
        embedded.extend(texts)
        return ordinary(texts)

    monkeypatch.setattr(encoder, "embed", counted)
    places = Places(most=2)
    first = places.of(["a whale", "a ship", "a whale"], encoder)
    assert places.of(["a ship", "a whale"], encoder) == first
    assert embedded == ["a whale", "a ship"]
    places.of(["a sail"], encoder)
    places.of(["a ship"], encoder)
    assert embedded[2:] == ["a sail", "a ship"], "the least used goes first"


# --- company ----------------------------------------------------------------------------------------------


def test_a_source_without_its_coalition_leaves_and_is_not_held_or_paid(scene):
    scene.offer("python-guide", as_slug="shy", minimum_coalition=1, floor_price_micro_usd=50)
    abc = scene.ask(abc={"only": ["shy"]}).json()["abc"]
    assert (voters(abc), reason(abc, "shy"), abc["charge_micro_usd"]) == ([], "coalition", 0)
    abc = scene.ask(abc={"only": ["shy", "python-guide"]}).json()["abc"]
    assert sorted(voters(abc)) == ["python-guide", "shy"]


def test_a_plan_says_who_stays_of_two_that_do_not_sit_together(scene):
    scene.offer("python-guide", as_slug="rival", not_together_with=["python-guide"])
    body = scene.body(abc={"only": ["rival", "python-guide"]})
    found = scene.cast.buyer.api.post("/v1/plan", body, format="json").json()
    (seat,), (out,) = found["sources"], found["excluded"]
    assert out["rule"] == "not_together"
    assert f"'{seat['source']}'" in out["reason"]
    assert {seat["source"], out["source"]} == {"rival", "python-guide"}


# --- notices, outputs, prices -----------------------------------------------------------------------------


def test_a_notice_goes_with_the_answer_and_stands_on_the_signed_receipt(scene):
    scene.offer("python-guide", as_slug="guide", attribution_notice="From the Guide, © Owner.")
    abc = scene.ask(abc={"only": ["guide", "python-guide"]}).json()["abc"]
    assert abc["notices"] == ["From the Guide, © Owner."]
    stated = {one["source"]: one["attribution_notice"] for one in abc["sources"]}
    assert stated == {"guide": "From the Guide, © Owner.", "python-guide": None}
    signed = {
        one["source"]: one["attribution_notice"] for one in scene.receipt(abc["receipt_id"]).body["sources"]
    }
    assert signed == stated


def test_a_classification_is_a_label_and_has_its_own_permission(scene):
    scene.offer("python-guide", as_slug="guide", outputs={"allow": ["classification"]})
    abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    assert reason(abc, "guide") == "output"
    abc = scene.ask(abc={"only": ["guide"], "output": "classification"}).json()["abc"]
    assert voters(abc) == ["guide"]
    assert scene.receipt(abc["receipt_id"]).body["output"] == "classification"
    long = scene.ask(max_tokens=17, abc={"only": ["guide"], "output": "classification"})
    assert (long.status_code, long.json()["error"]["param"]) == (422, "max_tokens")
    assert scene.ask(abc={"output": "quotation"}).status_code == 422


def test_the_most_specific_price_is_asked_and_named_in_plan_and_receipt(scene):
    prices = [
        {"purpose": "research", "price_micro_usd_per_nat": 500},
        {"consumer": scene.cast.buyer.organisation.slug, "price_micro_usd_per_nat": 700},
    ]
    scene.offer("python-guide", as_slug="guide", prices=prices)
    body = scene.body(abc={"only": ["guide"]})
    (seat,) = scene.cast.buyer.api.post("/v1/plan", body, format="json").json()["sources"]
    assert (seat["price_micro_usd_per_nat"], seat["price_rule"]) == (700, "$.prices[1]")
    abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    receipt = scene.receipt(abc["receipt_id"])
    (source,) = receipt.body["sources"]
    assert (source["price_micro_usd_per_nat"], source["price_rule"]) == (700, "$.prices[1]")
    assert source["charge_micro_usd"] == source["line"]["charged_nano_nats"] * 700 // 10**9
    verified = scene.cast.buyer.api.post(f"/v1/receipts/{receipt.pk}/verify").json()
    assert (verified["signature"], verified["sums"]) == (True, True)
