"""Bytes are what their name says, in a directory and behind a remote store."""

import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.storage import CachedStore, Corrupt, DirectoryStore, store

ABSENT = hashlib.sha256(b"absent").hexdigest()


@pytest.fixture
def directory(tmp_path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "objects")


@pytest.fixture
def cached(tmp_path) -> CachedStore:
    return CachedStore(InMemoryStorage(), DirectoryStore(tmp_path / "cache"))


def test_what_is_put_is_opened_by_its_digest(directory):
    digest = directory.put(b"whales")
    assert digest == hashlib.sha256(b"whales").hexdigest()
    assert directory.open(digest).read_bytes() == b"whales"


def test_a_file_is_put_like_bytes(directory, tmp_path):
    (tmp_path / "a").write_bytes(b"whales")
    assert directory.put(tmp_path / "a") == directory.put(b"whales")


def test_nothing_half_written_stays_behind(directory):
    digest = directory.put(b"whales")
    assert [path.name for path in directory.path(digest).parent.iterdir()] == [digest]


def test_a_file_cut_in_half_is_found_even_after_it_was_read_whole(directory):
    digest = directory.put(b"whales" * 100)
    path = directory.open(digest)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(Corrupt):
        directory.open(digest)


def test_a_changed_byte_is_found_by_a_process_that_reads_it_first(directory):
    digest = directory.put(b"whales")
    directory.path(digest).write_bytes(b"wholes")
    with pytest.raises(Corrupt):
        DirectoryStore(directory.root).open(digest)


def test_putting_it_again_heals_a_damaged_file(directory):
    digest = directory.put(b"whales")
    directory.path(digest).write_bytes(b"wh")
    assert directory.put(b"whales") == digest
    assert directory.open(digest).read_bytes() == b"whales"


def test_a_lost_file_is_told(directory):
    with pytest.raises(Corrupt):
        directory.open(ABSENT)


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "a" * 63])
def test_a_name_that_is_no_digest_opens_nothing(directory, name):
    with pytest.raises(ValueError):
        directory.open(name)


def test_a_remote_object_is_fetched_once_into_the_cache(cached):
    digest = cached.put(b"whales")
    fresh = CachedStore(cached.remote, DirectoryStore(cached.cache.root / "other"))
    assert fresh.open(digest).read_bytes() == b"whales"
    fresh.remote = InMemoryStorage()
    assert fresh.open(digest).read_bytes() == b"whales"


def test_a_damaged_cache_is_fetched_again(cached):
    digest = cached.put(b"whales")
    cached.cache.path(digest).write_bytes(b"wh")
    assert cached.open(digest).read_bytes() == b"whales"


def test_a_damaged_remote_object_is_corrupt(cached):
    digest = cached.put(b"whales")
    cached.remote.delete(f"{digest[:2]}/{digest}")
    cached.remote.save(f"{digest[:2]}/{digest}", ContentFile(b"wh"))
    fresh = CachedStore(cached.remote, DirectoryStore(cached.cache.root / "other"))
    with pytest.raises(Corrupt):
        fresh.open(digest)


def test_a_lost_remote_object_is_corrupt(cached):
    with pytest.raises(Corrupt):
        cached.open(ABSENT)


def test_a_bucket_is_read_through_a_cache(settings, tmp_path):
    settings.OBJECT_STORE_DIR = tmp_path / "cache"
    settings.OBJECT_STORE_BUCKET = "partitions"
    found = store()
    assert isinstance(found, CachedStore)
    assert type(found.remote).__name__ == "S3Storage"


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=50)
def test_any_bytes_come_back_as_they_were(tmp_path_factory, content):
    objects = DirectoryStore(tmp_path_factory.getbasetemp() / "any")
    assert objects.open(objects.put(content)).read_bytes() == content
