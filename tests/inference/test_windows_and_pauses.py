"""Windows and pauses on the whole way of an answer: who is left out, by which words, and what goes on."""

import pytest
from django.utils import timezone

from accounting import holds
from inference.models import Answer
from marketplace import pausing, window_budgets

pytestmark = [pytest.mark.books, pytest.mark.django_db]

HOUR = {"per": "hour", "kind": "rolling", "consumers": "all", "nats": 1000}


def pause(scene, source, budget="lifetime"):
    pausing.pause(source=source, budget=budget, acting_user=scene.cast.owner.user, now=timezone.now())


def excluded(abc):
    return [
        (one["source"], one["rule"], one["reason"]) for one in abc["excluded"] if one["source"] == "guide"
    ]


@pytest.mark.parametrize("budget", ["lifetime", "hour-rolling-all"])
def test_a_budget_paused_in_mid_answer_puts_the_source_out_and_the_answer_goes_on(
    scene, settings, monkeypatch, budget
):
    settings.HOLD_BLOCK_TOKENS = 1
    settings.DEFAULT_NATS_PER_TOKEN = 2
    source = scene.offer("python-guide", as_slug="guide", influence_nats={"windows": [HOUR]})
    ordinary, calls = holds.top_up, []

    def top_up(**named):
        calls.append(named["label"])
        if len(calls) == 2:
            pause(scene, source, budget)
        return ordinary(**named)

    monkeypatch.setattr("inference.holding.holds.top_up", top_up)
    body = scene.ask(max_tokens=12, abc={"only": ["guide"]}).json()
    assert body["usage"]["completion_tokens"] == 12
    (found,) = body["abc"]["sources"]
    assert found["limited_by"] == "budget"
    assert found["gamma_effective"] < 1
    assert sum(event["type"] == "budget" for event in scene.events(Answer.objects.get())) == 1


def test_a_paused_source_is_left_out_by_its_own_rule(scene):
    source = scene.offer("python-guide", as_slug="guide", influence_nats={"windows": [HOUR]})
    pause(scene, source, "hour-rolling-all")
    abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    reason = "Its owner has paused its budget for all organisations in any 60 minutes."
    assert (abc["sources"], excluded(abc)) == ([], [("guide", "paused", reason)])


def test_a_spent_window_is_named_by_its_class(scene):
    narrow = {**HOUR, "nats": 0.3}
    scene.offer("python-guide", as_slug="guide", influence_nats={"windows": [narrow]})
    for _ in range(4):
        abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    assert abc["sources"] == []
    ((_, rule, _),) = excluded(abc)
    assert rule == "budget"


def test_a_budget_paused_between_plan_and_hold_is_named_as_paused(scene, monkeypatch):
    source = scene.offer("python-guide", as_slug="guide", influence_nats={"windows": [HOUR]})
    ordinary = window_budgets.open_for

    def late(**named):
        pause(scene, source)
        return ordinary(**named)

    monkeypatch.setattr("inference.holding.window_budgets.open_for", late)
    abc = scene.ask(abc={"only": ["guide"]}).json()["abc"]
    assert excluded(abc) == [("guide", "paused", "Its owner has paused its lifetime budget.")]
