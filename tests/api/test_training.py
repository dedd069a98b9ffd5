"""/v1/sources/{slug}/train, /partitions and /v1/jobs: ask, follow, call off."""

import pytest

from marketplace.models import Job, Partition, Role
from tests.api.reading import problem
from tests.builders import draft_source, live_source, upload

pytestmark = [pytest.mark.books, pytest.mark.django_db]

TRAIN = "/v1/sources/almanac/train"


@pytest.fixture
def source(cast, named_core):
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    return source


def start(cast, body=None):
    return cast.owner.api.post(TRAIN, body or {}, format="json")


def test_training_is_a_job_that_can_be_followed(cast, source):
    response = start(cast)
    body = response.json()
    assert response.status_code == 202
    assert (body["state"], body["source"], body["version"]) == ("queued", "almanac", 1)
    assert cast.owner.api.get(response["Location"]).json() == body
    assert cast.owner.api.get("/v1/jobs").json()["results"] == [body]
    listed = cast.owner.api.get("/v1/sources/almanac/partitions").json()["results"]
    assert [one["state"] for one in listed] == ["queued"]
    assert listed[0]["core_digest"] == "c" * 64


def test_the_work_is_started_by_name_once_the_rows_are_durable(
    cast, source, work_is_noted, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = start(cast).json()
        assert work_is_noted == []
    assert work_is_noted == [("workers.tasks.train", "train", {"job_id": job["id"]})]


def test_the_same_wish_again_is_the_same_job(cast, source):
    assert start(cast).json()["id"] == start(cast).json()["id"]
    assert (Job.objects.count(), Partition.objects.count()) == (1, 1)


def test_another_wish_for_the_same_version_waits_its_turn(cast, source):
    start(cast)
    problem(start(cast, {"adapter_tokens": 5}), 409, "training_under_way")


def test_nothing_to_train_is_a_conflict(cast, named_core):
    draft_source(cast.owner)
    problem(start(cast), 409, "no_documents")


def test_without_a_core_training_says_what_is_missing(cast, settings, tmp_path):
    settings.CORE_DIRECTORY = tmp_path / "absent"
    upload(cast.owner, draft_source(cast.owner))
    problem(start(cast), 409, "no_core")


@pytest.mark.parametrize("tokens", [0, -1, "many", 1.5, 10**12])
def test_a_senseless_number_of_tokens_is_invalid(cast, source, tokens):
    problem(start(cast, {"adapter_tokens": tokens}), 422, "invalid")


def test_a_viewer_follows_and_does_not_start(cast, source):
    job = start(cast).json()
    viewer = cast.owner.colleague(Role.VIEWER).api
    assert viewer.get(f"/v1/jobs/{job['id']}").status_code == 200
    problem(viewer.post(TRAIN, {}, format="json"), 403, "permission_denied")
    problem(viewer.post(f"/v1/jobs/{job['id']}/cancel"), 403, "permission_denied")


def test_a_job_is_not_found_for_everybody_else(cast, source):
    job = start(cast).json()
    for actor in (cast.second_owner, cast.buyer, cast.outsider):
        problem(actor.api.get(f"/v1/jobs/{job['id']}"), 404, "not_found")
        problem(actor.api.post(f"/v1/jobs/{job['id']}/cancel"), 404, "not_found")
        assert actor.api.get("/v1/jobs").json()["results"] == []


def test_a_job_is_cancelled_and_can_be_asked_for_again(cast, source):
    job = start(cast).json()
    cancelled = cast.owner.api.post(f"/v1/jobs/{job['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert cast.owner.api.post(f"/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    assert start(cast).json()["id"] != job["id"]


def test_a_job_that_is_done_cannot_be_cancelled(cast, named_core):
    live_source(cast.owner)
    problem(cast.owner.api.post(f"/v1/jobs/{Job.objects.get().pk}/cancel"), 409, "job_ended")
