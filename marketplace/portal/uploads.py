"""Files as a browser sent them, handed on as the use case takes them."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from marketplace.texts import Upload


def uploads_of(files: "Iterable[UploadedFile[Any]]") -> list[Upload]:
    """What they hold is looked at by the use case, for every way in alike."""
    return [Upload(name=file.name or "", content=file.read()) for file in files]
