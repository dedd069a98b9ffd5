"""How do files appear wholly or not at all, and how is their content named?

Serves every step that writes or reads model files (convert, train, load). Digests are SHA-256 in hex. Nothing
here knows what the files mean, and nothing here unpickles.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest_of_json(value: Any) -> str:
    """SHA-256 of a value in one canonical JSON spelling."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Sorted keys, no spaces, no NaN: equal values have equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def describe(directory: Path, names: tuple[str, ...]) -> dict[str, dict[str, int | str]]:
    """Size and digest of each named file: the part of a manifest that loading is checked against."""
    return {
        name: {"bytes": (directory / name).stat().st_size, "sha256": digest_of_file(directory / name)}
        for name in names
    }


def digest_of_files(described: Mapping[str, Mapping[str, int | str]]) -> str:
    """One digest for a set of described files, independent of their order."""
    return digest_of_json({name: str(entry["sha256"]) for name, entry in described.items()})


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target, flush to disk, rename: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def new_directory(target: Path) -> Iterator[Path]:
    """A scratch directory that becomes `target` in one rename when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield scratch
        scratch.chmod(0o755)
        _replace_directory(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _replace_directory(scratch: Path, target: Path) -> None:
    """Rename over an existing directory: move the old one aside first, since rename needs an empty target."""
    if target.exists():
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
        target.rename(aside / target.name)
        scratch.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        scratch.rename(target)
