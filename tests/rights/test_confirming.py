"""Terms found in uploads wait for their owner: training does not begin before the last one is confirmed."""

import pytest
from django.utils import timezone

from accounting.models import AuditEvent
from marketplace.models import Job, RightsFinding, RightsReading, Role, SourceVersion
from tests.api.reading import file, problem
from tests.builders import draft_source, publish

pytestmark = [pytest.mark.books, pytest.mark.django_db]

RIGHTS = "/v1/sources/almanac/rights"
CONFIRM = f"{RIGHTS}/confirm"
TRAIN = "/v1/sources/almanac/train"
FORBIDS = b"Content-Usage: train-ai=n\n\nGentians flower late."
ALLOWS = b"Content-Usage: train-ai=y\n\nSaxifrage splits rocks."


@pytest.fixture(autouse=True)
def source(cast, named_core, work_is_noted):
    return draft_source(cast.owner)


def send(cast, **files):
    """Each as `name=content`; a dot in a name is written as two underscores. How many terms then wait."""
    sent = [file(name.replace("__", "."), content) for name, content in files.items()]
    reply = cast.owner.api.post("/v1/sources/almanac/documents", {"files": sent}, format="multipart")
    assert reply.status_code == 201, reply.json()
    return reply.json()["rights_to_confirm"]


def findings(cast):
    return cast.owner.api.get(RIGHTS).json()["results"]


def confirm(cast, decision="applies", note="", only=None):
    ids = [one["id"] for one in findings(cast)] if only is None else only
    return cast.owner.api.post(CONFIRM, {"findings": ids, "decision": decision, "note": note}, format="json")


def test_a_text_without_terms_is_trained_at_once(cast):
    assert send(cast, a__txt=b"Whales are mammals.") == 0
    body = cast.owner.api.get(RIGHTS).json()
    assert (body["results"], body["version"], body["waiting"]) == ([], 1, 0)
    assert body["read_at"]
    assert cast.owner.api.post(TRAIN, {}, format="json").status_code == 202


def test_training_waits_for_the_owners_word_and_says_what_to_do(cast):
    assert send(cast, a__txt=ALLOWS) == 1
    body = problem(cast.owner.api.post(TRAIN, {}, format="json"), 409, "rights_unconfirmed")
    assert "'train-ai=y'" in body["detail"]
    assert RIGHTS in body["next_step"]
    assert body["findings"] == [one["id"] for one in findings(cast)]
    assert not Job.objects.exists()
    assert confirm(cast).json()["waiting"] == 0
    assert cast.owner.api.post(TRAIN, {}, format="json").status_code == 202


def test_a_term_that_applies_and_forbids_training_keeps_it_from_beginning(cast):
    send(cast, a__txt=FORBIDS)
    confirm(cast)
    body = problem(cast.owner.api.post(TRAIN, {}, format="json"), 409, "rights_forbid_training")
    assert "'train-ai=n'" in body["detail"]
    assert confirm(cast, "does_not_apply", "We hold the rights.").status_code == 200
    assert cast.owner.api.post(TRAIN, {}, format="json").status_code == 202


def test_setting_a_term_aside_needs_a_reason(cast):
    send(cast, a__txt=FORBIDS)
    problem(confirm(cast, "does_not_apply"), 422, "note_required")
    assert [one["decision"] for one in findings(cast)] == ["open"]


def test_a_finding_says_where_it_stands_what_it_means_and_what_it_would_be_as_a_clause(cast, source):
    publish(cast.owner, source, quote=True)
    send(cast, a__txt=b"Content-Usage: search=n\n\nOne.", b__txt=b"\nContent-Usage: search=n\nTwo.")
    [found] = findings(cast)
    assert found | {"id": 0} == {
        "id": 0,
        "vocabulary": "aipref",
        "statement": "search=n",
        "verdict": "forbids",
        "sentence": "The text does not want search that shows excerpts.",
        "draft": {"quote": False},
        "forbids_training": False,
        "documents": 2,
        "places": [{"document": "a.txt", "line": 1}, {"document": "b.txt", "line": 2}],
        "against_policy": ["The policy lets passages be quoted."],
        "decision": "open",
        "note": "",
        "decided_by": None,
        "decided_at": None,
    }


def test_the_next_version_keeps_what_was_decided_unless_a_new_text_states_it(cast):
    send(cast, a__txt=ALLOWS)
    confirm(cast)
    send(cast, b__txt=b"Whales are mammals.")
    assert [(one["decision"], one["decided_by"]) for one in findings(cast)] == [("applies", "owner")]
    send(cast, c__txt=ALLOWS + b" Really.")
    assert [(one["decision"], one["documents"]) for one in findings(cast)] == [("open", 2)]


def test_a_document_that_is_replaced_takes_its_terms_along(cast):
    send(cast, a__txt=FORBIDS)
    send(cast, a__txt=b"Gentians flower late.")
    assert findings(cast) == []
    assert RightsFinding.objects.count() == 1, "the older version keeps its own"


def test_a_version_from_before_there_were_readings_is_read_before_it_is_trained(cast):
    send(cast, a__txt=FORBIDS)
    RightsFinding.objects.all().delete()
    RightsReading.objects.all().delete()
    assert cast.owner.api.get(RIGHTS).json()["read_at"] is None
    problem(cast.owner.api.post(TRAIN, {}, format="json"), 409, "rights_unconfirmed")
    assert [one["statement"] for one in findings(cast)] == ["train-ai=n"]
    assert AuditEvent.objects.filter(action="rights.read").count() == 1


def test_kept_documents_of_such_a_version_are_read_with_the_next_upload(cast):
    send(cast, a__txt=FORBIDS)
    RightsFinding.objects.all().delete()
    RightsReading.objects.all().delete()
    send(cast, b__txt=b"Whales are mammals.")
    assert [one["statement"] for one in findings(cast)] == ["train-ai=n"]


def test_a_decision_leaves_an_audit_row_with_before_and_after(cast):
    send(cast, a__txt=FORBIDS)
    confirm(cast, "does_not_apply", "Our own text.")
    event = AuditEvent.objects.latest("pk")
    assert (event.actor, event.action, event.subject) == ("owner", "rights.confirmed", "source:almanac")
    assert list((event.before or {}).values()) == ["open"]
    said = {"decision": "does_not_apply", "note": "Our own text.", "statements": ["train-ai=n"]}
    assert event.after == said


def test_findings_of_older_versions_cannot_be_decided_any_more(cast):
    send(cast, a__txt=FORBIDS)
    old = [one["id"] for one in findings(cast)]
    send(cast, a__txt=b"Gentians flower late.")
    problem(confirm(cast, only=old), 404, "not_found")
    problem(confirm(cast, only=[999]), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        {"findings": [], "decision": "applies"},
        {"findings": [1], "decision": "perhaps"},
        {"findings": ["x"], "decision": "applies"},
        {"findings": [1], "decision": "applies", "until": "tomorrow"},
    ],
)
def test_a_body_that_is_not_understood_is_invalid(cast, body):
    problem(cast.owner.api.post(CONFIRM, body, format="json"), 422, "invalid")


@pytest.mark.parametrize("who", ["second_owner", "buyer", "outsider", "operator"])
def test_nobody_elses_findings_are_seen_or_decided(cast, who):
    send(cast, a__txt=FORBIDS)
    api, ids = getattr(cast, who).api, [one["id"] for one in findings(cast)]
    problem(api.get(RIGHTS), 404, "not_found")
    body = {"findings": ids, "decision": "applies"}
    problem(api.post(CONFIRM, body, format="json"), 404, "not_found")
    problem(cast.stranger.get(RIGHTS), 401, "unauthenticated")
    assert RightsFinding.objects.get().decision == "open"


@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 200), (Role.VIEWER, 403), (Role.FINANCE, 403)])
def test_editors_decide_and_others_only_read(cast, role, status):
    send(cast, a__txt=FORBIDS)
    colleague = cast.owner.colleague(role)
    ids = [one["id"] for one in colleague.api.get(RIGHTS).json()["results"]]
    reply = colleague.api.post(CONFIRM, {"findings": ids, "decision": "applies"}, format="json")
    assert reply.status_code == status


def test_the_owner_who_uploads_the_same_terms_in_many_texts_confirms_them_once(cast):
    send(cast, **{f"n{number}__txt": FORBIDS + str(number).encode() for number in range(30)})
    [found] = findings(cast)
    assert (found["documents"], len(found["places"])) == (30, 20)
    assert SourceVersion.objects.count() == 1
    assert RightsReading.objects.get().read_at <= timezone.now()
