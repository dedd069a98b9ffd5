"""The policy page without JavaScript: trying a policy, replaying the past, and announcing it."""

import csv
import io

import pytest

from marketplace.models import PolicyVersion, Role
from tests.cast import Cast
from tests.pages.scene import Scene
from tests.pages.test_forms import typed

pytestmark = pytest.mark.django_db


def send(scene: Scene, do: str, part: str = "", **changes: object) -> str:
    reply = scene.cast.owner.browser.post(f"{address(scene)}{part}", {**sent(scene), "do": do, **changes})
    assert reply.status_code == 200, reply.content.decode()
    return reply.content.decode()


def address(scene: Scene) -> str:
    return f"/sources/{scene.alpine.slug}/policy"


def sent(scene: Scene) -> dict[str, object]:
    scene.alpine.refresh_from_db()
    assert scene.alpine.policy is not None
    return {**typed(scene.alpine.policy.plain), "replay-days": 30}


def test_the_simulator_says_no_and_which_clause_decided(scene: Scene) -> None:
    for part in ("", "/try"):
        page = send(scene, "try", part, purposes=["research"], **{"try-purpose": "advertising"})
        assert "<strong>No:</strong> The policy does not allow the purpose" in page


def test_the_simulator_says_yes_with_the_price_and_what_is_left(scene: Scene) -> None:
    page = send(scene, "try", **{"try-organisation": "buyer", "try-purpose": "research"})
    assert "<strong>Yes:</strong> every clause lets it in" in page
    assert "Lifetime budget" in page


def test_what_was_typed_into_the_simulator_stays(scene: Scene) -> None:
    page = send(scene, "try", **{"try-question": "Who grows the gentian?"})
    assert "Who grows the gentian?</textarea>" in page


def test_a_replay_of_the_policy_in_force_changes_nothing(scene: Scene) -> None:
    for part in ("", "/backtest"):
        page = send(scene, "replay", part)
        assert '<span class="big">0</span> of 4 answers would have been refused' in page
        assert "buyer" in page


def test_a_replay_of_a_narrower_draft_shows_who_would_be_refused(scene: Scene) -> None:
    page = send(scene, "replay", purposes=["journalism"])
    assert '<span class="big">4</span> of 4 answers would have been refused' in page
    assert "Refused by purpose (4)" in page


def test_the_file_of_a_replay_has_the_same_sums(scene: Scene) -> None:
    data = {**sent(scene), "by": "consumer"}
    reply = scene.cast.owner.browser.post(f"{address(scene)}/backtest.csv", data)
    table = list(csv.DictReader(io.StringIO(reply.getvalue().decode())))
    assert [(one["consumer"], one["answers"]) for one in table] == [("buyer", "4")]
    assert table[0]["micro_usd"] == table[0]["draft_micro_usd"]


def test_a_draft_that_does_not_hold_together_is_neither_tried_nor_replayed(scene: Scene) -> None:
    bad = {**sent(scene), "ceiling_price_micro_usd": "0", "floor_price_micro_usd": "5"}
    for part in ("/try", "/backtest"):
        page = scene.cast.owner.browser.post(f"{address(scene)}{part}", bad).content.decode()
        assert "does not hold together yet" in page


def test_the_page_shows_what_a_draft_would_change_and_warns_of_what_has_no_effect(scene: Scene) -> None:
    page = send(scene, "check", max_gamma="0")
    assert "What would change" in page
    assert "<ins>Its voting right is at most 0%.</ins>" in page
    assert "A voting right of 0 is no vote" in page


def test_trying_publishes_nothing_and_a_viewer_may_try(scene: Scene) -> None:
    viewer = scene.cast.owner.colleague(Role.VIEWER).browser
    before = PolicyVersion.objects.count()
    for part in ("/try", "/backtest", "/preview"):
        assert viewer.post(f"{address(scene)}{part}", sent(scene)).status_code == 200
    assert PolicyVersion.objects.count() == before


def test_an_outsider_finds_nothing_to_try(scene: Scene) -> None:
    for part in ("/try", "/backtest", "/backtest.csv"):
        assert scene.cast.outsider.browser.post(f"{address(scene)}{part}", sent(scene)).status_code == 404


def test_every_kind_of_clause_can_be_typed(scene: Scene, cast: Cast) -> None:
    page = send(
        scene, "check", countries="Germany, ke", minimum_coalition="1", not_together_with="opera-guide",
        attribution_notice="From the herbarium.", approval="required", topic_within_keywords="gentians\nalps",
        price_0_consumer="buyer", price_0_price_micro_usd_per_nat="7", outputs=["answer", "quotation"],
    )  # fmt: skip
    for sentence in (
        "Only organisations in Germany and Kenya may use it.",
        "It votes only if another source votes too.",
        "From the herbarium.",
        "be approved by the owner first.",
        "gentians or alps",
        "It costs 7 micro-USD a nat for the organisation",
    ):
        assert sentence in page.replace("&#x27;", "'"), sentence
