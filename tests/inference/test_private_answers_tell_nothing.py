"""Two markets that differ in one private source: everything that anybody sees is the same but the drawn text.

One source knows all about the question, the other nothing; their names have the same length. What may differ
is taken out: names, ids, keyed digests, moments, and the words. Everything else must be equal, to the last
number, and a field that section 3 of the design forbids is empty wherever it stands.
"""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from inference.net.decoder import Ballots
from tests.inference.scene import WORDS

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
KNOWING, IGNORANT = "clinic-a", "clinic-b"
FORBIDDEN = {
    "relevance", "gamma_effective", "attribution_nats", "help_nats", "floor", "passages", "shared_nats",
    "shared_meaning", "logprobs", "replay_tolerance", "transcript_digest",
}  # fmt: skip
WORDS_SAID = {"content", "text"}
MAY_DIFFER = (
    (re.compile(rf"{KNOWING}|{IGNORANT}"), "<source>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"fp_[0-9a-f]{16}"), "<fingerprint>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][0-9:.,+Z]+"), "<moment>"),
)
VOLATILE = {"created", "jws", "balance_micro_usd", "at"}


@pytest.fixture
def both(scene):
    """The same terms, other texts."""
    for text, slug in (("whale-book", KNOWING), ("opera-guide", IGNORANT)):
        scene.offer(text, scene.cast.second_owner, as_slug=slug, regime="privacy", privacy=PRIVACY)
    return scene


def ask(scene, slug, **more):
    return scene.ask(
        about="whale-book", seed=None, max_tokens=8, abc={"mode": "private", "only": [slug]}, **more
    )


def plain(value: Any) -> Any:
    """Without what may differ."""
    if isinstance(value, dict):
        kept = {key: value[key] for key in value if key not in WORDS_SAID | VOLATILE}
        return {plain(key): plain(own) for key, own in kept.items()}
    if isinstance(value, list):
        return [plain(own) for own in value]
    if isinstance(value, str):
        for pattern, name in MAY_DIFFER:
            value = pattern.sub(name, value)
    return value


def fields(value: Any) -> Iterator[tuple[str, Any]]:
    """Every field at every depth."""
    if isinstance(value, dict):
        for key, own in value.items():
            yield key, own
            yield from fields(own)
    elif isinstance(value, list):
        for own in value:
            yield from fields(own)


def chunks_of(reply) -> list[Any]:
    """Those of a stream that carry more than a piece of text."""
    frames = b"".join(reply.streaming_content).decode().split("\n\n")
    told = [json.loads(frame[6:]) for frame in frames if frame.startswith("data: {")]
    return [chunk for chunk in told if "abc" in chunk or not chunk["choices"]]


def seen_of(scene, slug, caplog) -> dict[str, Any]:
    """All that anybody is shown of one answer, and of the one streamed after it."""
    caplog.clear()
    buyer, owner = scene.cast.buyer.api, scene.cast.second_owner.api
    reply = ask(scene, slug)
    assert reply.status_code == 200, reply.content
    receipt_id = reply.json()["abc"]["receipt_id"]
    address = f"/v1/receipts/{receipt_id}"
    refused = {
        "tokens": buyer.get(f"{address}/tokens").json(),
        "attribution": buyer.post(f"{address}/attribution", {"sets": [[slug]]}, format="json").json(),
        "total_effect": buyer.post(f"{address}/total-effect", {"source": slug}, format="json").json(),
    }
    body = {**scene.body(about="whale-book", seed=None), "abc": {"mode": "private", "only": [slug]}}
    headers = {name: value for name, value in reply.headers.items() if not name.lower().startswith("x-rate")}
    counted = re.compile(r"remaining|reset|processing|request-id|length", re.IGNORECASE)
    return {
        "reply": reply.json(),
        "headers": {name: value for name, value in headers.items() if not counted.search(name)},
        "receipt": buyer.get(address).json(),
        "receipt of its owner": owner.get(address).json(),
        "verification": buyer.post(f"{address}/verify").json(),
        **refused,
        "plan": buyer.post("/v1/plan", body, format="json").json(),
        "stream": chunks_of(ask(scene, slug, stream=True)),
        "log": [record.getMessage() for record in caplog.records],
    }


def test_everything_shown_is_equal_but_the_words(both, caplog):
    caplog.set_level(logging.INFO)
    knowing, ignorant = (seen_of(both, slug, caplog) for slug in (KNOWING, IGNORANT))
    for place in knowing:
        assert plain(knowing[place]) == plain(ignorant[place]), place


def test_no_forbidden_field_is_filled_anywhere_and_no_text_of_the_source_leaves(both, caplog):
    caplog.set_level(logging.INFO)
    seen = seen_of(both, KNOWING, caplog)
    filled = {(name, str(value)) for name, value in fields(seen) if name in FORBIDDEN and value}
    # Of a plan it is the ceiling by request and policy, known before any ballot is cast.
    assert filled <= {("gamma_effective", "1.0")}
    made = [seen[place] for place in ("reply", "receipt", "receipt of its owner", "verification")]
    last = seen["stream"][-1]
    assert not [name for name, value in fields([*made, last]) if name in FORBIDDEN and value]
    told = json.dumps(seen, ensure_ascii=False)
    assert not any(
        sentence.strip() in told for sentence in WORDS["whale-book"].split(".") if sentence.strip()
    )
    for name in ("tokens", "attribution", "total_effect"):
        assert seen[name]["code"] == "private_answer", name
    assert seen["verification"]["code"] == "private_answer"
    assert seen["reply"]["abc"]["tokens"] is None


def test_statements_and_metrics_say_the_same_of_both(both):
    ids = {slug: ask(both, slug).json()["abc"]["receipt_id"] for slug in (KNOWING, IGNORANT)}
    statement = json.loads(b"".join(both.cast.buyer.api.get("/v1/account/statement").streaming_content))
    lines = {
        slug: [one for one in objects(statement) if receipt_id in map(str, one.values())]
        for slug, receipt_id in ids.items()
    }
    assert lines[KNOWING], "the statement has the receipt"
    assert plain(lines[KNOWING]) == plain(lines[IGNORANT])
    metrics = both.cast.stranger.get("/metrics").content.decode()
    assert KNOWING not in metrics
    assert IGNORANT not in metrics


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object at every depth."""
    if isinstance(value, dict):
        yield value
    for own in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(own)


def test_the_same_work_is_done_whatever_the_source_knows(both, monkeypatch):
    """The class of time: as many rows, over as many steps."""
    steps: list[int] = []
    honest = Ballots.step

    def noted(self, token_id):
        steps.append(self.rows)
        return honest(self, token_id)

    monkeypatch.setattr(Ballots, "step", noted)
    done = []
    for slug in (KNOWING, IGNORANT):
        steps.clear()
        ask(both, slug)
        done.append(list(steps))
    assert done[0] == done[1] == [2] * 7


def test_the_comparison_can_fail_open_answers_of_the_two_differ(scene):
    """The same walk over open answers of two such sources finds what they know."""
    for text, slug in (("whale-book", KNOWING), ("opera-guide", IGNORANT)):
        scene.offer(text, scene.cast.second_owner, as_slug=slug)
    told = [
        scene.ask(about="whale-book", max_tokens=8, abc={"only": [slug]}).json()
        for slug in (KNOWING, IGNORANT)
    ]
    assert plain(told[0]) != plain(told[1])
    assert [value for name, value in fields(told[0]) if name in FORBIDDEN and value]
