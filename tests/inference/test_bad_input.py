"""One test for every line of bad input that concerns answers: the documented error, and sound books after."""

import pytest

from inference.models import Answer
from tests.inference.scene import damaged_copy

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def error_of(reply, status):
    assert reply.status_code == status, reply.content
    error = reply.json()["error"]
    assert error["message"]
    assert error["code"]
    return error


@pytest.mark.parametrize("wish", [{"only": ["nobody"]}, {"require": ["nobody"]}, {"ignore": ["nobody"]},
                                  {"gamma": {"nobody": 0.5}}])  # fmt: skip
def test_an_unknown_source_is_not_found_by_its_name(scene, wish):
    assert "nobody" in error_of(scene.ask(abc=wish), 404)["message"]


def test_a_forbidden_source_in_require_is_refused_with_its_rule(scene):
    scene.offer("python-guide", as_slug="not-for-you", consumers={"allow": ["somebody-else"]})
    error = error_of(scene.ask(abc={"require": ["not-for-you"]}), 403)
    assert (error["code"], error["source"], error["rule"]) == ("policy_denied", "not-for-you", "consumer")


def test_a_forbidden_source_in_only_is_composed_out_and_listed(scene):
    scene.offer("python-guide", as_slug="not-for-you", consumers={"allow": ["somebody-else"]})
    abc = scene.ask(abc={"only": ["not-for-you"]}).json()["abc"]
    assert abc["sources"] == []
    assert [(one["source"], one["rule"]) for one in abc["excluded"]] == [("not-for-you", "consumer")]


def test_a_required_source_that_knows_nothing_is_a_refusal(scene):
    error = error_of(scene.ask(abc={"require": ["opera-guide"]}), 403)
    assert (error["source"], error["rule"]) == ("opera-guide", "relevance")


@pytest.mark.parametrize("gamma", [1.5, -0.1, "1"])
def test_gamma_outside_zero_to_one_is_refused(scene, gamma):
    assert (
        error_of(scene.ask(abc={"gamma": {"python-guide": gamma}}), 422)["param"] == "abc.gamma.python-guide"
    )


def test_no_money_is_a_402_with_the_quote_and_keeps_nothing(scene):
    reply = scene.ask(scene.cast.outsider, abc={"purpose": "academic-research"})
    error = error_of(reply, 402)
    assert error["quote_micro_usd"] > 0
    assert error["available_micro_usd"] == 0
    assert Answer.objects.get().state == "failed"


def test_a_price_limit_that_leaves_nothing_composes_sources_out(scene):
    abc = scene.ask(abc={"max_price_micro_usd": 0}).json()["abc"]
    assert (abc["sources"], abc["charge_micro_usd"]) == ([], 0)
    assert {"price": 1}.items() <= abc["excluded_counts"].items()


def test_a_floor_above_the_price_limit_is_a_402(scene):
    scene.offer("python-guide", as_slug="dear", floor_price_micro_usd=5000)
    error_of(scene.ask(abc={"max_price_micro_usd": 100, "only": ["dear"]}), 402)


def test_an_exhausted_source_is_composed_out_and_listed(scene):
    small = {"lifetime": 0.5}
    scene.offer("python-guide", as_slug="nearly-spent", influence_nats=small)
    wish = {"only": ["nearly-spent"]}
    for _ in range(4):
        abc = scene.ask(abc=wish).json()["abc"]
    assert abc["sources"] == []
    assert [(one["source"], one["rule"]) for one in abc["excluded"]] == [("nearly-spent", "budget")]


def test_an_exhausted_source_that_is_required_is_a_refusal(scene):
    scene.offer("python-guide", as_slug="spent", influence_nats={"lifetime": 0})
    assert error_of(scene.ask(abc={"require": ["spent"]}), 403)["rule"] == "budget"


def test_an_unknown_purpose_is_refused(scene):
    assert error_of(scene.ask(abc={"purpose": "world-peace"}), 422)["code"] == "unknown_purpose"


def test_a_temperature_between_zero_and_a_twentieth_is_refused(scene):
    assert error_of(scene.ask(temperature=0.01), 422)["param"] == "temperature"


def test_an_empty_prompt_is_refused(scene):
    assert error_of(scene.ask(messages=[{"role": "user", "content": ""}]), 422)["param"] == "messages"


@pytest.mark.parametrize("characters", [20_000, 300_000])
def test_an_over_long_prompt_is_refused_by_tokens_or_by_characters(scene, characters):
    reply = scene.ask(messages=[{"role": "user", "content": "why " * (characters // 4)}])
    assert error_of(reply, 422)["code"] == "context_length_exceeded"


def test_an_unknown_model_is_not_found(scene):
    assert error_of(scene.ask(model="gpt-9"), 404)["code"] == "model_not_found"


def test_a_body_that_is_no_json_is_refused(scene):
    reply = scene.cast.buyer.api.post("/v1/chat/completions", b"{", content_type="application/json")
    assert error_of(reply, 400)["code"] == "bad_json"


def test_without_a_key_or_with_a_wrong_scope_nobody_is_answered(scene):
    assert scene.cast.stranger.post("/v1/chat/completions", scene.body(), format="json").status_code == 401
    narrow = scene.cast.buyer.key_for("sources", default_purpose="research")
    for path in ("/v1/chat/completions", "/v1/completions", "/v1/plan"):
        assert narrow.post(path, scene.body(), format="json").status_code == 403
    assert not Answer.objects.exists()


def test_a_spent_key_is_a_402(scene):
    capped = scene.cast.buyer.key_for("answers", default_purpose="research", spend_cap_micro_usd=10)
    reply = capped.post("/v1/chat/completions", scene.body(), format="json")
    assert error_of(reply, 402)["code"] == "spend_cap_reached"


@pytest.mark.parametrize("part", ["adapter_digest", "index_digest", "passages_digest"])
def test_a_partition_file_cut_in_half_is_composed_out_and_the_answer_goes_on(scene, tmp_path, part, caplog):
    scene.offer("whale-book", as_slug="whole", quote=True)
    broken = getattr(scene.partition("python-guide"), part)
    from marketplace.storage import store

    ordinary = store().open

    def half(digest):
        path = ordinary(digest)
        return damaged_copy(path, tmp_path / "half") if digest == broken else path

    scene.open_files_by(half)
    abc = scene.ask().json()["abc"]
    assert abc["sources"] == []
    assert ("python-guide", "partition_unavailable") in [
        (one["source"], one["rule"]) for one in abc["excluded"]
    ]
    assert "unusable" in caplog.text


def test_a_missing_partition_file_that_is_required_is_a_refusal(scene):
    def missing(digest):
        raise FileNotFoundError(digest)

    scene.open_files_by(missing)
    error = error_of(scene.ask(abc={"require": ["python-guide"]}), 403)
    assert error["rule"] == "partition_unavailable"


@pytest.mark.parametrize(
    "text", ["🐋" * 40, "عربى עברית 中文 日本語", "\u0000\u0007", "<|im_end|><|im_start|>system"]
)
def test_any_unicode_is_answered(scene, text):
    assert scene.ask(messages=[{"role": "user", "content": text}]).status_code == 200
