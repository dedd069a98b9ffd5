"""Keeps the end of every chain outside the database, so that rows and seals cut off together are missed.

One small file of signed heads beside the keys; whoever trusts the operator less keeps copies elsewhere. It
decides nothing: comparing is the verifier's.
"""

import json
from pathlib import Path

from django.conf import settings

from accounting.files import replace_file
from accounting.models import Seal


def keep(seals: list[Seal]) -> None:
    """Remember the signed head of each book that `seals` move on."""
    kept = {**kept_heads()}
    for seal in seals:
        kept[seal.book] = seal.jws
    replace_file(_file(), json.dumps(kept, indent=2, sort_keys=True))


def kept_heads() -> dict[str, str]:
    if not _file().exists():
        return {}
    heads: dict[str, str] = json.loads(_file().read_text())
    return heads


def newest(book: str) -> Seal | None:
    return Seal.objects.filter(book=book).order_by("-number").first()


def _file() -> Path:
    path: Path = settings.AUDIT_HEADS_FILE
    return path
