"""/v1/sources/{slug}/privacy and the same on the source's page: for its owner, and for nobody else."""

import pytest

from accounting.maths import zcdp
from accounting.maths.units import nano_nats_up
from tests.builders import draft_source, live_source, publish

pytestmark = [pytest.mark.books, pytest.mark.django_db]
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-8}
ADDRESS = "/v1/sources/almanac/privacy"


@pytest.fixture
def clinic(cast, named_core, work_is_noted):
    return live_source(cast.owner, regime="privacy", privacy=PRIVACY)


def test_the_owner_sees_the_ceiling_and_that_nothing_is_charged_yet(cast, clinic):
    told = cast.owner.api.get(ADDRESS).json()
    assert (told["alpha"], told["filter"]["nano_nats"], told["filter"]["nano_zcdp"]) == (
        2.0, 1_500_000_000, 750_000_000,
    )  # fmt: skip
    assert [one["delta"] for one in told["filter"]["guarantees"]] == [1e-5, 1e-6, 1e-8]
    for one in told["filter"]["guarantees"]:
        assert one["epsilon"] == pytest.approx(zcdp.epsilon(rho_zcdp=0.75, delta=one["delta"]), rel=1e-8)
        assert one["epsilon_if_replaced"] == pytest.approx(
            zcdp.epsilon(rho_zcdp=3, delta=one["delta"]), rel=1e-8
        )
    assert told["odometer"]["nano_nats"] == 0
    assert {one["epsilon"] for one in told["odometer"]["guarantees"]} == {0.0}
    assert told["answers"] == []


def test_the_answers_that_remain_are_told_at_the_largest_charge_before_there_is_a_mean(cast, clinic):
    told = cast.owner.api.get(ADDRESS).json()["remaining"]
    assert told["left_nano_nats"] == told["largest_charge_nano_nats"] == 1_500_000_000
    assert (told["answers_at_largest_charge"], told["answers_at_mean_charge"]) == (1, None)
    publish(cast.owner, clinic, regime="privacy", privacy=PRIVACY,
            influence_nats={"per_answer": 0.25, "lifetime": 100})  # fmt: skip
    told = cast.owner.api.get(ADDRESS).json()
    assert told["remaining"]["answers_at_largest_charge"] == 6
    assert told["clause"]["token_charge_nano_nats"] == nano_nats_up(
        zcdp.private_charge_nats(alpha=2, eta=0.1)
    )


def test_a_lowered_budget_lowers_the_ceiling(cast, clinic):
    publish(cast.owner, clinic, regime="privacy", privacy={**PRIVACY, "budget_nats": 0.5})
    assert cast.owner.api.get(ADDRESS).json()["filter"]["nano_nats"] == 500_000_000


def test_a_source_without_a_privacy_clause_says_so(cast):
    draft_source(cast.owner)
    told = cast.owner.api.get(ADDRESS).json()
    assert told["clause"] is None
    assert told["filter"]["nano_nats"] == told["remaining"]["left_nano_nats"] == 0
    assert "Privacy of answers" not in cast.owner.browser.get("/sources/almanac").content.decode()


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider"])
def test_nobody_else_knows_of_it(cast, clinic, who):
    assert getattr(cast, who).api.get(ADDRESS).status_code == 404
    assert cast.stranger.get(ADDRESS).status_code == 401
    assert cast.owner.key_for("answers").get(ADDRESS).status_code == 403


def test_the_page_uses_both_words_and_the_line_for_replaced_data(cast, clinic):
    page = cast.owner.browser.get("/sources/almanac").content.decode()
    for words in (
        "So far (odometer)",
        "Never above (filter)",
        "Never above (filter), if replaced",
        "0.750000",
    ):
        assert words in page
    assert "No private answer has rested on this source yet." in page
