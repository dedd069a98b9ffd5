"""A source that loses its right in mid-answer: out from the next token on, and the answer goes on."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounting.maths.zcdp import private_charge_nats
from inference import engine
from inference.models import Answer
from inference.still_allowed import StillAllowed
from marketplace import agreements, publishing, standing
from marketplace.models import Agreement, Side
from tests.builders import policy

pytestmark = [pytest.mark.books, pytest.mark.django_db]
TOKENS, CHANGED_AFTER = 8, 3
A_TOKEN = timedelta(seconds=1)
PRIVACY = {"budget_nats": 5, "eta": 0.1, "delta": 1e-6}


@dataclass
class Clock:
    """The engine's time: it stands still but for one second a token."""

    at: datetime

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock():
    """Ahead of the world's, so that no setting of a scene takes it past a moment of the test."""
    return Clock(timezone.now() + timedelta(hours=1))


@pytest.fixture
def play(scene, clock, monkeypatch):
    """Make an answer; once some of its tokens are drawn, something happens."""

    def run(act, *, abc=None, **body):
        ordinary, drawn = scene.bench.channel.cancelled, []

        def cancelled(answer_id):
            """What the engine asks once a token, between the draw and the next one."""
            drawn.append(answer_id)
            clock.at += A_TOKEN
            if len(drawn) == CHANGED_AFTER:
                act(clock.at)
            return ordinary(answer_id)

        monkeypatch.setattr(scene.bench.channel, "cancelled", cancelled)
        engine.use(replace(scene.bench, now=clock))
        return scene.ask(max_tokens=TOKENS, abc={"only": ["guide"], **(abc or {})}, **body)

    return run


def suspend(scene, source, now):
    standing.suspend(source=source, acting_user=scene.cast.owner.user, now=now, reason="Rights.")


def withdraw(scene, source, now):
    standing.withdraw(source=source, acting_user=scene.cast.owner.user, now=now)


def end_by_consumer(scene, source, now):
    agreements.end(
        agreement=Agreement.objects.get(source=source), side=Side.CONSUMER,
        acting_user=scene.cast.buyer.user, now=now,
    )  # fmt: skip


def end_by_owner(scene, source, now):
    agreements.end(
        agreement=Agreement.objects.get(source=source), side=Side.OWNER, reason="Misused.",
        acting_user=scene.cast.owner.user, now=now,
    )  # fmt: skip


def deny_by_policy(scene, source, now):
    publishing.publish_policy(
        source=source, plain=policy(consumers={"allow": ["*"], "deny": ["buyer"]}),
        acting_user=scene.cast.owner.user, now=now,
    )  # fmt: skip


def ask_for_approval(scene, source, now):
    publishing.publish_policy(
        source=source, plain=policy(approval="required"), acting_user=scene.cast.owner.user, now=now
    )


@pytest.mark.parametrize(
    ("act", "rule"),
    [
        (suspend, "suspended"),
        (withdraw, "withdrawn"),
        (end_by_consumer, "agreement"),
        (end_by_owner, "agreement"),
        (deny_by_policy, "consumer"),
        (ask_for_approval, "approval"),
    ],
)
def test_what_takes_the_right_away_counts_from_the_next_token_on(scene, play, act, rule):
    source = scene.offer("python-guide", as_slug="guide")
    body = play(lambda now: act(scene, source, now)).json()
    assert body["usage"]["completion_tokens"] == TOKENS
    (found,) = body["abc"]["sources"]
    assert found["limited_by"] == "policy"
    assert (found["stopped"]["rule"], found["stopped"]["after_tokens"]) == (rule, CHANGED_AFTER)
    assert 0 < found["gamma_effective"] * TOKENS <= CHANGED_AFTER
    answer = Answer.objects.get()
    told = [(event["type"], event.get("rule")) for event in scene.events(answer)]
    assert told[: CHANGED_AFTER + 3] == [
        ("start", None), *[("token", None)] * CHANGED_AFTER, ("policy", rule), ("token", None),
    ]  # fmt: skip
    signed = scene.receipt(body["abc"]["receipt_id"]).body["sources"][0]
    assert signed["stopped"] == found["stopped"]
    assert signed["limited_by"] == "policy"
    address = f"/v1/receipts/{body['abc']['receipt_id']}/verify"
    verified = scene.cast.buyer.api.post(address, {}, format="json").json()
    assert (verified["signature"], verified["sums"]) == (True, True)
    assert verified["replayed"] is (act is not withdraw)  # what was withdrawn is not computed with again


def test_a_policy_lapses_by_the_clock_alone(scene, clock, play):
    until = clock() + A_TOKEN * (CHANGED_AFTER - 0.5)
    scene.offer("python-guide", as_slug="guide", valid_until=until.isoformat())
    found = play(lambda _now: None).json()["abc"]["sources"][0]
    assert (found["stopped"]["rule"], found["stopped"]["after_tokens"]) == ("time", CHANGED_AFTER)


def test_an_announced_policy_that_says_no_stops_the_source_at_its_moment(scene, clock, play):
    source = scene.offer("python-guide", as_slug="guide")
    publishing.publish_policy(
        source=source, plain=policy(consumers={"allow": ["outsider"]}), acting_user=scene.cast.owner.user,
        now=timezone.now(), effective_at=clock() + A_TOKEN * (CHANGED_AFTER - 0.5),
    )  # fmt: skip
    found = play(lambda _now: None).json()["abc"]["sources"][0]
    assert (found["stopped"]["rule"], found["stopped"]["after_tokens"]) == ("consumer", CHANGED_AFTER)


def test_a_new_policy_that_still_says_yes_counts_from_the_next_answer_on(scene, play):
    source = scene.offer("python-guide", as_slug="guide")

    def dearer(now):
        publishing.publish_policy(
            source=source,
            plain=policy(price_micro_usd_per_nat=30),
            acting_user=scene.cast.owner.user,
            now=now,
        )

    body = play(dearer).json()
    found = body["abc"]["sources"][0]
    assert found["stopped"] is None
    signed = scene.receipt(body["abc"]["receipt_id"]).body["sources"][0]
    assert (signed["policy_version"], signed["price_micro_usd_per_nat"]) == (1, 20)


def test_nobody_spends_above_a_limit_that_took_effect_in_mid_answer(scene, clock, play, settings):
    settings.HOLD_BLOCK_TOKENS = 1
    settings.DEFAULT_NATS_PER_TOKEN = 2
    settings.POLICY_LOOK_SECONDS = 3600  # the top-up itself must see it
    source = scene.offer("python-guide", as_slug="guide")
    publishing.publish_policy(
        source=source, plain=policy(influence_nats={"lifetime": 0.001}), acting_user=scene.cast.owner.user,
        now=timezone.now(), effective_at=clock() + A_TOKEN * (CHANGED_AFTER - 0.5),
    )  # fmt: skip
    found = play(lambda _now: None).json()["abc"]["sources"][0]
    assert (found["limited_by"], found["stopped"]) == ("budget", None)


def test_in_a_private_answer_the_charge_is_for_the_tokens_it_voted_in(scene, play):
    source = scene.offer("python-guide", as_slug="guide", regime="privacy", privacy=PRIVACY)
    body = play(
        lambda now: suspend(scene, source, now),
        seed=None, abc={"mode": "private"},
    ).json()  # fmt: skip
    found = body["abc"]["sources"][0]
    assert (found["limited_by"], found["stopped"]["after_tokens"]) == ("policy", CHANGED_AFTER)
    charge = private_charge_nats(alpha=2.0, eta=0.1)
    assert found["charge_nats"] == pytest.approx(CHANGED_AFTER * charge, abs=CHANGED_AFTER * 1e-9)
    assert body["usage"]["completion_tokens"] == TOKENS


def test_a_stream_names_the_source_that_was_stopped(scene, play):
    source = scene.offer("python-guide", as_slug="guide")
    reply = play(lambda now: suspend(scene, source, now), stream=True)
    text = b"".join(reply.streaming_content).decode()
    assert '"event": "abc.policy", "source": "guide", "rule": "suspended"' in text


def test_the_rows_are_looked_at_once_a_token_at_most_and_not_while_the_last_look_is_fresh(
    scene, play, settings, monkeypatch
):
    scene.offer("python-guide", as_slug="guide")
    looks, ordinary = [], StillAllowed._standings

    def standings(self, speaking):
        looks.append(speaking)
        return ordinary(self, speaking)

    monkeypatch.setattr(StillAllowed, "_standings", standings)
    play(lambda _now: None)
    assert len(looks) == TOKENS
    looks.clear()
    settings.POLICY_LOOK_SECONDS = 3600
    play(lambda _now: None)
    assert len(looks) == 1


def test_who_speaks_only_beside_others_stops_when_they_do(scene, play):
    privacy = {"regime": "privacy", "privacy": PRIVACY}
    scene.offer("python-guide", as_slug="guide", minimum_coalition=1, **privacy)
    other = scene.offer("opera-guide", as_slug="other", **privacy)
    reply = play(
        lambda now: suspend(scene, other, now),
        seed=None, abc={"mode": "private", "only": ["guide", "other"]},
    ).json()  # fmt: skip
    found = {one["source"]: one["stopped"] for one in reply["abc"]["sources"]}
    assert {slug: one["rule"] for slug, one in found.items()} == {
        "guide": "coalition",
        "other": "suspended",
    }
    assert {one["after_tokens"] for one in found.values()} == {CHANGED_AFTER}
    assert reply["usage"]["completion_tokens"] == TOKENS


def test_an_approved_agreement_that_ends_or_waits_for_new_terms_stops_the_source(scene, play):
    source = scene.offer("python-guide", as_slug="guide", approval="required")
    asked = agreements.request(
        consumer=scene.cast.buyer.organisation, source=source, purpose="academic-research",
        statement="A survey.", acting_user=scene.cast.buyer.user, now=timezone.now(),
    )  # fmt: skip
    agreements.approve(agreement=asked, acting_user=scene.cast.owner.user, now=timezone.now())

    def dearer(now):
        publishing.publish_policy(
            source=source, plain=policy(approval="required", price_micro_usd_per_nat=30),
            acting_user=scene.cast.owner.user, now=now,
        )  # fmt: skip

    found = play(dearer).json()["abc"]["sources"][0]
    assert (found["stopped"]["rule"], found["stopped"]["after_tokens"]) == ("approval", CHANGED_AFTER)
    signed = scene.receipt(scene.ask(abc={"only": ["opera-guide"]}).json()["abc"]["receipt_id"]).body
    assert "guide" not in [one["source"] for one in signed["sources"]]
