"""Which core this installation runs on, read from the manifest beside its weights.

The marketplace names a core in every training it asks for, and never loads one.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from accounting.errors import Conflict


@dataclass(frozen=True, slots=True)
class CoreIdentity:
    """A core by name and by the digest of its weights."""

    slug: str
    digest: str


def current() -> CoreIdentity:
    """The core of CORE_DIRECTORY; Conflict while none has been converted yet."""
    path = Path(settings.CORE_DIRECTORY) / "core.json"
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, KeyError, ValueError) as error:
        raise Conflict(
            "The core model is not installed yet, so nothing can be trained on it.",
            code="no_core",
            next_step="The operator converts it once with `make setup`.",
        ) from error


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> CoreIdentity:
    manifest = json.loads(path.read_text())
    return CoreIdentity(slug=str(manifest["slug"]), digest=str(manifest["digest"]))
