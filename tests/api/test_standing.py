"""/v1/sources/{slug}/suspend, /resume, /withdraw."""

import pytest
from django.utils import timezone

from marketplace import standing
from marketplace.models import Job, Role
from tests.api.reading import problem
from tests.builders import draft_source, live_source, upload

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


def post(actor, verb, body=None):
    return actor.api.post(f"/v1/sources/almanac/{verb}", body or {}, format="json")


def test_an_owner_suspends_with_a_reason_and_resumes(cast):
    live_source(cast.owner)
    suspended = post(cast.owner, "suspend", {"reason": "Under review."}).json()
    assert (suspended["state"], suspended["state_reason"]) == ("suspended", "Under review.")
    assert post(cast.owner, "resume").json()["state"] == "live"


def test_a_draft_is_neither_suspended_nor_resumed(cast):
    draft_source(cast.owner)
    problem(post(cast.owner, "suspend"), 409, "not_live")
    problem(post(cast.owner, "resume"), 409, "not_live")


def test_what_the_operator_suspended_the_owner_cannot_resume(cast):
    source = live_source(cast.owner)
    standing.suspend(source=source, acting_user=cast.operator.user, now=timezone.now())
    problem(post(cast.owner, "resume"), 403, "permission_denied")
    post(cast.owner, "suspend")
    problem(post(cast.owner, "resume"), 403, "permission_denied")
    standing.resume(source=source, acting_user=cast.operator.user, now=timezone.now())
    assert cast.owner.api.get("/v1/sources/almanac").json()["state"] == "live"


def test_withdrawing_is_for_ever_and_ends_the_training(cast):
    source = live_source(cast.owner)
    upload(cast.owner, source, text="More.", name="b.txt")
    cast.owner.api.post("/v1/sources/almanac/train", {}, format="json")
    withdrawn = post(cast.owner, "withdraw", {"reason": "Sold."}).json()
    assert (withdrawn["state"], withdrawn["votes"]) == ("withdrawn", False)
    assert Job.objects.order_by("-pk")[0].state == "cancelled"
    for verb in ("suspend", "resume", "train"):
        problem(post(cast.owner, verb), 409, "withdrawn")
    problem(cast.buyer.api.get("/v1/sources/almanac"), 404, "not_found")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE])
def test_a_role_that_does_not_edit_changes_no_state(cast, role):
    live_source(cast.owner)
    colleague = cast.owner.colleague(role)
    for verb in ("suspend", "resume", "withdraw"):
        problem(post(colleague, verb), 403, "permission_denied")


def test_only_an_owner_withdraws(cast):
    live_source(cast.owner)
    problem(post(cast.owner.colleague(Role.EDITOR), "withdraw"), 403, "permission_denied")
