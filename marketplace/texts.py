"""What may be uploaded: UTF-8 text in .txt and .md files. Pure checks, before anything is stored."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from accounting.errors import Conflict, Invalid, TooLarge

MEDIA_TYPES = {".txt": "text/plain", ".md": "text/markdown"}
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}
MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came in."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Text:
    """A file that was found to be text."""

    name: str
    content: bytes
    digest: str
    media_type: str


def read_all(*, uploads: Sequence[Upload], limit_bytes: int) -> list[Text]:
    """Every upload as text, or the first reason why not; nothing is taken in part."""
    if not uploads:
        raise Invalid(
            "No file was sent.", code="no_files", next_step="Send one or more files in the field `files`."
        )
    if sum(len(upload.content) for upload in uploads) > limit_bytes:
        raise TooLarge(
            f"One upload holds at most {limit_bytes:,} bytes.", next_step="Send the files in several uploads."
        )
    texts = [_read(upload) for upload in uploads]
    _refuse_twins(texts)
    return texts


def _read(upload: Upload) -> Text:
    name = PurePosixPath(upload.name.replace("\\", "/")).name
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in MEDIA_TYPES or len(name) > MOST_NAME:
        raise Invalid(
            f"'{name[:MOST_NAME]}' is not a .txt or .md file with a name of at most {MOST_NAME} letters.",
            code="not_text",
            next_step="Convert the document to text first.",
        )
    try:
        text = upload.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            f"'{name}' is not UTF-8 text (byte {error.start}).",
            code="not_text",
            next_step="Save the file as UTF-8 and upload it again.",
        ) from error
    if not _CONTROLS.isdisjoint(upload.content):
        raise Invalid(
            f"'{name}' holds binary bytes; it is not text.",
            code="not_text",
            next_step="Upload the text of the document, not the file of another program.",
        )
    if not text.strip():
        raise Invalid(f"'{name}' is empty.", code="empty_document")
    return Text(name, upload.content, hashlib.sha256(upload.content).hexdigest(), MEDIA_TYPES[suffix])


def _refuse_twins(texts: Sequence[Text]) -> None:
    names: dict[str, str] = {}
    digests: dict[str, str] = {}
    for text in texts:
        if text.name in names or text.digest in digests:
            other = digests.get(text.digest, text.name)
            raise Conflict(
                f"'{text.name}' is in this upload twice (also as '{other}').", code="duplicate_document"
            )
        names[text.name] = digests[text.digest] = text.name
