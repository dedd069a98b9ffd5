"""A source from its registration to its end: step 1 (register) of the way.

Every upload makes the next immutable version; texts lie in the object store before their rows are written.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from accounting import accounts, audit
from accounting.errors import Conflict
from accounting.models import AccountKind, Asset
from marketplace.catalogue import entries
from marketplace.models import Document, Organisation, Source, SourceState, SourceVersion, User
from marketplace.organisations import check_slug
from marketplace.rights import recording
from marketplace.roles import EDITORS, require_role
from marketplace.storage import store
from marketplace.texts import Text, Upload, read_all


def register_source(
    *,
    organisation: Organisation,
    slug: str,
    title: str,
    acting_user: User,
    now: datetime,
    description: str = "",
    license: str = "",  # noqa: A002 (the word that clients send)
) -> Source:
    """A new source in state draft, with accounts of its own; without a policy it votes for nobody."""
    require_role(acting_user=acting_user, organisation=organisation, roles=EDITORS)
    check_slug(slug)
    try:
        with transaction.atomic(durable=True):
            source = Source.objects.create(
                organisation=organisation, slug=slug, title=title, description=description, license=license,
                budget_account_id=_budget(f"lifetime influence of {slug}"),
                privacy_account_id=_budget(f"privacy of {slug}"),
                earnings_account_id=accounts.open_account(
                    asset=Asset.MICRO_USD, kind=AccountKind.EARNINGS, label=f"earnings of {slug}"
                ).pk,
                created_at=now,
            )  # fmt: skip
            _audit(source, "source.registered", acting_user, now, after={"title": title, "license": license})
    except IntegrityError as error:
        raise Conflict(
            f"The slug '{slug}' cannot be had.", code="slug_taken", next_step="Choose another slug."
        ) from error
    return source


def describe_source(
    *,
    source: Source,
    acting_user: User,
    now: datetime,
    title: str | None = None,
    description: str | None = None,
    license: str | None = None,  # noqa: A002 (the word that clients send)
) -> Source:
    """Change how the source presents itself; what is None stays."""
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    wanted = {"title": title, "description": description, "license": license}
    changes = {name: value for name, value in wanted.items() if value is not None}
    with transaction.atomic(durable=True):
        locked = lock(source)
        before = {name: getattr(locked, name) for name in changes}
        for name, value in changes.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(changes))
        entries.refresh(locked)
        _audit(locked, "source.described", acting_user, now, before=before, after=dict(changes))
    return locked


def add_documents(
    *, source: Source, uploads: Sequence[Upload], acting_user: User, now: datetime
) -> SourceVersion:
    """The next version: the documents so far, and these. A file of the same name takes the older one's place.

    A file whose content is there already is refused, and then nothing of the upload is taken.
    """
    require_role(acting_user=acting_user, organisation=source.organisation, roles=EDITORS)
    texts = read_all(uploads=uploads, limit_bytes=settings.UPLOAD_LIMIT_BYTES)
    objects = store()
    for text in texts:
        objects.put(text.content)
    with transaction.atomic(durable=True):
        locked = lock(source)
        latest = newest_version(locked)
        kept = _kept_documents(latest, texts)
        version = _write_version(locked, latest, kept, texts, now)
        waiting = recording.record(version=version, before=latest, texts=texts, now=now)
        entries.refresh(locked)
        _audit(
            locked, "documents.added", acting_user, now,
            before={"version": latest.number} if latest else None,
            after={
                "version": version.number, "names": [text.name for text in texts],
                "rights_to_confirm": waiting,
            },
        )  # fmt: skip
    return version


def newest_version(source: Source) -> SourceVersion | None:
    return source.versions.order_by("-number").first()


def lock(source: Source) -> Source:
    """The row, held until the transaction ends (SQLite's write transactions exclude each other anyway)."""
    locked = Source.objects.select_for_update().get(pk=source.pk)
    if locked.state == SourceState.WITHDRAWN:
        raise Conflict(f"The source '{source.slug}' was withdrawn.", code="withdrawn")
    return locked


def _kept_documents(latest: SourceVersion | None, texts: Sequence[Text]) -> list[Document]:
    present = list(latest.documents.all()) if latest else []
    by_digest = {document.digest: document.name for document in present}
    for text in texts:
        if text.digest in by_digest:
            raise Conflict(
                f"'{text.name}' is there already, as '{by_digest[text.digest]}'.",
                code="duplicate_document",
                next_step="Leave the file out.",
            )
    replaced = {text.name for text in texts}
    return [document for document in present if document.name not in replaced]


def _write_version(
    source: Source,
    latest: SourceVersion | None,
    kept: Sequence[Document],
    texts: Sequence[Text],
    now: datetime,
) -> SourceVersion:
    digests = sorted([document.digest for document in kept] + [text.digest for text in texts])
    version = SourceVersion.objects.create(
        source=source,
        number=latest.number + 1 if latest else 1,
        digest=hashlib.sha256("\n".join(digests).encode()).hexdigest(),
        created_at=now,
    )
    carried = [
        Document(
            version=version, name=old.name, digest=old.digest, size=old.size, media_type=old.media_type,
            added_at=old.added_at,
        )
        for old in kept
    ]  # fmt: skip
    added = [
        Document(
            version=version, name=text.name, digest=text.digest, size=len(text.content),
            media_type=text.media_type, added_at=now,
        )
        for text in texts
    ]  # fmt: skip
    Document.objects.bulk_create([*carried, *added])
    return version


def _budget(label: str) -> int:
    return accounts.open_account(asset=Asset.NANO_NAT, kind=AccountKind.BUDGET, label=label).pk


def _audit(
    source: Source,
    action: str,
    acting_user: User,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object],
) -> None:
    audit.record(
        acting_user=acting_user.username, action=action, subject=f"source:{source.slug}",
        before=before, after=after, organisation_slug=source.organisation.slug, now=now,
    )  # fmt: skip
