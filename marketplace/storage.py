"""Where texts and partitions lie: content-addressed, so that a name can never mean other bytes.

`put` writes once under the SHA-256; `open` answers a local path and checks the bytes against the name when a
process reads them first, and again when the file's size or time has changed. Backends: a directory, or S3
through django-storages with a local cache in front. Must not know what the bytes mean.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.files.storage import Storage

from accounting.errors import DomainError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_PIECE = 1024 * 1024


class Corrupt(DomainError):
    """Bytes that are not what their name says: cut, changed or lost."""

    code, status, title = "corrupt_object", 500, "A stored file is damaged"


class ObjectStore(Protocol):
    """The port. Digests are lower-case SHA-256."""

    def put(self, content: bytes | Path) -> str: ...
    def open(self, digest: str) -> Path: ...


class DirectoryStore:
    """Files under one directory, written to a temporary name and renamed: readers never see half a file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._checked: dict[str, tuple[int, int]] = {}

    def put(self, content: bytes | Path) -> str:
        digest = digest_of(content)
        target = self.path(digest)
        if target.exists() and digest_of(target) == digest:
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
        incoming = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in _pieces(content):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            incoming.replace(target)
        finally:
            incoming.unlink(missing_ok=True)
        return digest

    def open(self, digest: str) -> Path:
        path = self.path(digest)
        if not path.exists():
            raise Corrupt(f"The stored file {digest[:12]} is missing.", next_step="Train or upload it again.")
        status = path.stat()
        seen = (status.st_size, status.st_mtime_ns)
        if self._checked.get(digest) != seen:
            if digest_of(path) != digest:
                raise Corrupt(
                    f"The stored file {digest[:12]} is damaged: its content does not match its digest.",
                    next_step="Train or upload it again.",
                )
            self._checked[digest] = seen
        return path

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError("not a SHA-256 digest")
        return self.root / digest[:2] / digest


class CachedStore:
    """Objects in a remote django storage, read through a local directory that is safe to empty."""

    def __init__(self, remote: Storage, cache: DirectoryStore) -> None:
        self.remote = remote
        self.cache = cache

    def put(self, content: bytes | Path) -> str:
        digest = self.cache.put(content)
        name = _remote_name(digest)
        if not self.remote.exists(name):
            with self.cache.path(digest).open("rb") as file:
                self.remote.save(name, file)
        return digest

    def open(self, digest: str) -> Path:
        if self.cache.has(digest):
            try:
                return self.cache.open(digest)
            except Corrupt:
                self.cache.path(digest).unlink(missing_ok=True)
        return self._fetch(digest)

    def _fetch(self, digest: str) -> Path:
        try:
            with self.remote.open(_remote_name(digest), "rb") as file:
                content = file.read()
        except FileNotFoundError as error:
            raise Corrupt(f"The stored file {digest[:12]} is missing.") from error
        if self.cache.put(content) != digest:
            raise Corrupt(f"The stored file {digest[:12]} is damaged: its content does not match its digest.")
        return self.cache.open(digest)


def digest_of(content: bytes | Path) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _remote_name(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


@lru_cache(maxsize=8)
def _store(directory: Path, bucket: str) -> ObjectStore:
    local = DirectoryStore(directory)
    if not bucket:
        return local
    from storages.backends.s3 import S3Storage

    return CachedStore(S3Storage(bucket_name=bucket, file_overwrite=False, default_acl=None), local)


def store() -> ObjectStore:
    """The store of this installation, as the settings name it."""
    return _store(settings.OBJECT_STORE_DIR, settings.OBJECT_STORE_BUCKET)
