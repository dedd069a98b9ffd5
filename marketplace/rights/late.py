"""Versions from before there were readings are read when somebody wants to train them."""

from datetime import datetime

from django.db import transaction

from accounting import audit
from marketplace.models import Source, User
from marketplace.registration import lock, newest_version
from marketplace.rights import recording


def read_newest(*, source: Source, acting_user: User, now: datetime) -> None:
    """In a transaction of its own, so that what was found stays although the training is refused."""
    with transaction.atomic(durable=True):
        version = newest_version(lock(source))
        if version is None or recording.was_read(version):
            return
        waiting = recording.record(version=version, before=None, texts=(), now=now)
        audit.record(
            acting_user=acting_user.username, action="rights.read", subject=f"source:{source.slug}",
            after={"version": version.number, "rights_to_confirm": waiting},
            organisation_slug=source.organisation.slug, now=now,
        )  # fmt: skip
