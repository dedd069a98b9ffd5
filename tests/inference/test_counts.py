"""What answers asked for and did not get is counted once they are told; plans are not."""

import pytest

from marketplace import demand
from marketplace.models import RefusalCount, RequestCount
from tests.builders import publish

pytestmark = pytest.mark.django_db


def refusals():
    rows = RefusalCount.objects.select_related("source").order_by("pk")
    return sorted((row.source.slug if row.source else "", row.rule, row.count) for row in rows)


def close(scene, slug="opera-guide"):
    """Nobody may use it any more for what the buyer asks."""
    publish(scene.cast.owner, scene.sources[slug], purposes={"allow": ["journalism"]})


def test_an_answer_that_chose_nobody_is_a_request_to_everybody(scene):
    close(scene)
    scene.ask()
    row = RequestCount.objects.get()
    assert (row.consumer.slug, row.purpose, row.mode, row.output, row.count) == (
        "buyer", "academic-research", "open", "answer", 1,
    )  # fmt: skip
    assert ("", "purpose", 1) in refusals()
    assert all(source == "" for source, *_ in refusals())


def test_a_source_that_was_chosen_and_refused_is_counted_by_name(scene):
    close(scene)
    scene.ask(abc={"only": ["python-guide", "opera-guide"]})
    assert ("opera-guide", "purpose", 1) in refusals()
    assert not RequestCount.objects.exists()


def test_a_required_source_that_may_not_vote_is_counted_although_nothing_was_answered(scene):
    close(scene)
    assert scene.ask(abc={"require": ["opera-guide"]}).status_code == 403
    assert refusals() == [("opera-guide", "purpose", 1)]


def test_what_the_request_itself_leaves_out_is_no_refusal(scene):
    scene.ask(abc={"only": ["python-guide"], "ignore": []})
    assert [one for one in refusals() if one[1] in {"only", "ignore"}] == []


def test_a_plan_is_not_counted(scene):
    close(scene)
    scene.cast.buyer.api.post("/v1/plan", scene.body(), format="json")
    assert not RequestCount.objects.exists()
    assert refusals() == []


def test_an_answer_does_not_fail_because_it_cannot_be_counted(scene, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("no counts today")

    monkeypatch.setattr(demand, "count", fail)
    assert scene.ask().status_code == 200


def test_a_hold_says_what_the_answer_is_for(scene):
    receipt = scene.receipt(scene.ask().json()["abc"]["receipt_id"])
    assert receipt.hold.detail["purpose"] == "academic-research"
    assert receipt.hold.detail["mode"] == "open"
