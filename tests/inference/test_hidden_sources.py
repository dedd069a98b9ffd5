"""What plans, answers and receipts tell an outsider of sources that are private or listed on request."""

import pytest
from django.utils import timezone

from marketplace import listing

pytestmark = [pytest.mark.books, pytest.mark.django_db]


def hide(scene, slug="whale-book", visibility="private"):
    return listing.set_visibility(
        source=scene.sources[slug], visibility=visibility, acting_user=scene.cast.second_owner.user,
        now=timezone.now(),
    )  # fmt: skip


def plan(scene, actor, **wishes):
    return actor.api.post("/v1/plan", scene.body(about="whale-book", abc=wishes), format="json")


@pytest.mark.parametrize("wish", ["only", "ignore", "require", "gamma"])
def test_naming_a_private_source_reads_like_naming_nothing(scene, wish):
    hide(scene)
    named = [
        plan(scene, scene.cast.buyer, **{wish: {slug: 1} if wish == "gamma" else [slug]})
        for slug in ("whale-book", "no-such-book")
    ]
    assert [one.status_code for one in named] == [404, 404]
    assert named[0].content.replace(b"whale-book", b"") == named[1].content.replace(b"no-such-book", b"")


def test_a_private_source_is_in_no_list_and_in_no_count_of_a_plan(scene):
    before = plan(scene, scene.cast.buyer).json()
    assert [one["source"] for one in before["sources"]] == ["whale-book"]
    hide(scene)
    after = plan(scene, scene.cast.buyer).json()
    assert after["sources"] == []
    assert "whale-book" not in str(after)
    assert sum(after["excluded_counts"].values()) == sum(before["excluded_counts"].values())


def test_an_answer_and_its_receipt_do_not_tell_of_it(scene):
    hide(scene)
    answer = scene.ask(about="whale-book").json()
    assert "whale-book" not in str(answer)
    receipt = scene.cast.buyer.api.get(f"/v1/receipts/{answer['abc']['receipt_id']}")
    assert receipt.status_code == 200
    assert "whale-book" not in receipt.content.decode()


def test_the_share_of_shared_parameters_does_not_count_it(scene):
    shares = []
    for visibility in ("public", "private"):
        hide(scene, visibility=visibility)
        shares.append(scene.ask(about="python-guide").json()["abc"]["lambda_total"])
    assert shares[0] < shares[1] < 1


def test_its_owner_goes_on_using_it(scene):
    hide(scene)
    scene.fill_wallet(scene.cast.second_owner)
    found = plan(scene, scene.cast.second_owner, purpose="research").json()
    assert [one["source"] for one in found["sources"]] == ["whale-book"]


def test_what_is_listed_on_request_is_known_of_and_votes_for_nobody_without_agreement(scene):
    hide(scene, visibility="listed_on_request")
    found = plan(scene, scene.cast.buyer).json()
    assert found["sources"] == []
    (excluded,) = plan(scene, scene.cast.buyer, gamma={"whale-book": 0.5}).json()["excluded"][:1]
    assert (excluded["source"], excluded["rule"]) == ("whale-book", "agreement")
    refused = plan(scene, scene.cast.buyer, require=["whale-book"])
    assert (refused.status_code, refused.json()["rule"]) == (403, "agreement")
