"""/v1/sources/{slug}/documents: what is taken, and every reason why something is not."""

import pytest

from marketplace.models import Document, SourceVersion
from marketplace.storage import store
from tests.api.reading import file, problem
from tests.builders import draft_source

pytestmark = [pytest.mark.books, pytest.mark.django_db]

ADDRESS = "/v1/sources/almanac/documents"


@pytest.fixture(autouse=True)
def source(cast):
    return draft_source(cast.owner)


def send(cast, *files):
    return cast.owner.api.post(ADDRESS, {"files": list(files)}, format="multipart")


def test_files_become_one_version_and_their_bytes_are_kept(cast):
    response = send(cast, file("a.txt", b"One."), file("b.md", b"# Two"))
    assert response.status_code == 201
    body = response.json()
    assert body["number"] == 1
    kept = {one["name"]: store().open(one["digest"]).read_bytes() for one in body["documents"]}
    assert kept == {"a.txt": b"One.", "b.md": b"# Two"}


def test_the_next_upload_makes_the_next_version_and_leaves_the_first_as_it_was(cast):
    send(cast, file("a.txt", b"One."))
    body = send(cast, file("b.txt", b"Two.")).json()
    assert (body["number"], [one["name"] for one in body["documents"]]) == (2, ["a.txt", "b.txt"])
    first = SourceVersion.objects.get(number=1)
    assert [one.name for one in first.documents.all()] == ["a.txt"]
    listed = cast.owner.api.get(ADDRESS).json()
    assert (listed["version"], len(listed["results"])) == (2, 2)


def test_a_file_of_the_same_name_takes_the_older_ones_place(cast):
    send(cast, file("a.txt", b"Old."))
    body = send(cast, file("a.txt", b"New.")).json()
    assert [store().open(one["digest"]).read_bytes() for one in body["documents"]] == [b"New."]


def test_a_source_without_documents_lists_none(cast):
    assert cast.owner.api.get(ADDRESS).json()["results"] == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"PK\x03\x04\x00\x00binary", "not_text"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\x00", "not_text"),
        ("a.txt", b"text with a \x00 in it", "not_text"),
        ("a.txt", "Grüße".encode("latin-1"), "not_text"),
        ("a.txt", "Gruß".encode("utf-16"), "not_text"),
        ("a.pdf", b"plain words", "not_text"),
        ("a", b"plain words", "not_text"),
        ("a.txt", b" \n\t ", "empty_document"),
        ("a.txt", b"\xef\xbb\xbf", "empty_document"),
    ],
)
def test_what_is_not_text_is_refused_with_its_reason(cast, name, content, code):
    problem(send(cast, file(name, content)), 422, code)
    assert not SourceVersion.objects.exists()


def test_one_bad_file_refuses_the_whole_upload(cast):
    problem(send(cast, file("a.txt", b"Good."), file("b.txt", b"\xff\xfe")), 422, "not_text")
    assert not Document.objects.exists()


def test_a_duplicate_upload_is_a_conflict_that_names_the_older_file(cast):
    send(cast, file("a.txt", b"One."))
    body = problem(send(cast, file("b.txt", b"One.")), 409, "duplicate_document")
    assert "a.txt" in body["detail"]
    assert SourceVersion.objects.count() == 1


def test_a_file_twice_in_one_upload_is_a_conflict(cast):
    problem(send(cast, file("a.txt", b"One."), file("b.txt", b"One.")), 409, "duplicate_document")


def test_no_file_at_all_is_invalid(cast):
    problem(cast.owner.api.post(ADDRESS, {}, format="multipart"), 422, "no_files")


def test_more_bytes_than_the_limit_are_too_large(cast, settings):
    settings.UPLOAD_LIMIT_BYTES = 10
    problem(send(cast, file("a.txt", b"Twelve bytes")), 413, "too_large")


def test_a_body_longer_than_the_limit_is_refused_before_it_is_read(cast, settings, monkeypatch):
    settings.UPLOAD_LIMIT_BYTES = 10
    monkeypatch.setattr("marketplace.api.documents.ENVELOPE_BYTES", 0)
    problem(send(cast, file("a.txt", b"x" * 100)), 413, "too_large")


def test_more_files_than_django_takes_are_too_large(cast, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    many = [file(f"{number}.txt", f"Text {number}.".encode()) for number in range(3)]
    problem(send(cast, *many), 413, "too_large")


def test_a_path_in_a_file_name_is_left_out(cast):
    body = send(cast, file("../../etc/passwd.txt", b"One.")).json()
    assert [one["name"] for one in body["documents"]] == ["passwd.txt"]


def test_a_json_body_is_refused(cast):
    problem(cast.owner.api.post(ADDRESS, {"files": []}, format="json"), 415, "unsupported_media_type")
