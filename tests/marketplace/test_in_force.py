"""A committed change counts for the next query of every process, and an uncommitted one for nobody."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace import consumer_groups, in_force, listing, standing
from marketplace.admission import admit
from marketplace.models import ConsumerGroup, Source
from tests.builders import live_source, publish, train, upload
from tests.cast import Cast

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("named_core", "work_is_noted"),
]

ASKER = """
import sys
import django
django.setup()
from django.utils import timezone
from marketplace.admission import admit
from marketplace.models import Organisation
for line in sys.stdin:
    consumer = Organisation.objects.get(slug="buyer")
    found = admit(consumer=consumer, purpose="research", mode="open", now=timezone.now())
    print(" ".join(one.source.slug for one in found.admitted), flush=True)
"""


@pytest.fixture
def asked_elsewhere(tmp_path: Path) -> Iterator[Callable[[], set[str]]]:
    """A process of its own that answers each time with the sources that may vote for the buyer."""
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "postgresql":
        environment["DATABASE_URL"] = f"{settings.DATABASE_URL.rpartition('/')[0]}/{name}"
    else:
        (tmp_path / "db.sqlite3").symlink_to(name)
    with subprocess.Popen(
        [sys.executable, "-c", ASKER],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ask, answer = process.stdin, process.stdout

        def asked() -> set[str]:
            ask.write("\n")
            ask.flush()
            return set(answer.readline().split())

        yield asked
        ask.close()


def here(cast: Cast) -> set[str]:
    found = admit(consumer=cast.buyer.organisation, purpose="research", mode="open", now=timezone.now())
    return {one.source.slug for one in found.admitted}


def _of_the_group(cast: Cast, now: datetime) -> dict[str, Any]:
    group = ConsumerGroup.objects.get(slug="readers")
    return {
        "group": group,
        "organisation": cast.buyer.organisation,
        "acting_user": cast.operator.user,
        "now": now,
    }


def test_the_next_query_of_another_process_knows_every_change(cast: Cast, asked_elsewhere):
    now = timezone.now()
    by_owner: dict[str, Any] = {"acting_user": cast.owner.user, "now": now}
    consumer_groups.open_group(slug="readers", title="Readers", acting_user=cast.operator.user, now=now)
    almanac = live_source(cast.owner)
    live_source(cast.owner, "ballads", consumers={"allow": ["group:readers"]})
    live_source(cast.owner, "cantos")
    steps: list[tuple[Callable[[], object], set[str]]] = [
        (lambda: None, {"almanac", "cantos"}),
        (lambda: standing.suspend(source=almanac, **by_owner), {"cantos"}),
        (lambda: standing.resume(source=almanac, **by_owner), {"almanac", "cantos"}),
        (lambda: publish(cast.owner, almanac, purposes={"allow": ["education"]}), {"cantos"}),
        (lambda: publish(cast.owner, almanac), {"almanac", "cantos"}),
        (lambda: listing.set_visibility(source=almanac, visibility="private", **by_owner), {"cantos"}),
        (
            lambda: listing.set_visibility(source=almanac, visibility="public", **by_owner),
            {"almanac", "cantos"},
        ),
        (lambda: consumer_groups.put_in(**_of_the_group(cast, now)), {"almanac", "ballads", "cantos"}),
        (lambda: consumer_groups.take_out(**_of_the_group(cast, now)), {"almanac", "cantos"}),
        (lambda: upload(cast.owner, almanac, text="More about whales.", name="b.txt"), {"almanac", "cantos"}),
        (lambda: train(cast.owner, almanac, votes=False), {"cantos"}),
        (lambda: live_source(cast.second_owner, "dirges"), {"cantos", "dirges"}),
        (lambda: standing.withdraw(source=Source.objects.get(slug="cantos"), **by_owner), {"dirges"}),
    ]
    for number, (change, votes) in enumerate(steps):
        change()
        assert asked_elsewhere() == votes, f"step {number}"
        assert here(cast) == votes, f"step {number}"


def test_a_change_that_was_begun_before_and_committed_after_a_look_is_not_missed(cast: Cast):
    """Nor where a transaction that began later was committed before it, which SQLite does not have."""
    almanac, ballads = live_source(cast.owner), live_source(cast.owner, "ballads")
    assert here(cast) == {"almanac", "ballads"}
    written, may_commit = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            Source.objects.filter(pk=almanac.pk).update(state="suspended")
            written.set()
            may_commit.wait(20)
        connections.close_all()

    writer = threading.Thread(target=slowly)
    writer.start()
    written.wait(20)
    others = {"almanac", "ballads"}
    if connection.vendor == "postgresql":
        Source.objects.filter(pk=ballads.pk).update(state="suspended")
        others = {"almanac"}
    assert here(cast) == others
    may_commit.set()
    writer.join()
    assert here(cast) == others - {"almanac"}


def test_what_a_transaction_took_back_was_never_in_force(cast: Cast):
    source = live_source(cast.owner)
    assert here(cast) == {"almanac"}
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(state="suspended")
        assert here(cast) == set()
        transaction.set_rollback(True)
    assert here(cast) == {"almanac"}


def test_a_database_that_was_put_back_is_read_anew(cast: Cast):
    live_source(cast.owner)
    now = in_force.changes_since(0)
    assert now.source_ids is not None
    assert in_force.changes_since(now.mark + 1_000).source_ids is None


def test_a_query_reads_as_often_with_many_sources_as_with_few(cast: Cast):
    """Four times; on PostgreSQL six while some transaction of the server is under way, whoever's it is: what
    was noted since it began is read once more.
    """
    live_source(cast.owner)
    here(cast)
    with CaptureQueriesContext(connection) as few:
        assert len(here(cast)) == 1
    for number in range(20):
        live_source(cast.owner, f"source-{number}")
    here(cast)
    with CaptureQueriesContext(connection) as many:
        assert len(here(cast)) == 21
    assert max(len(few), len(many)) <= (6 if connection.vendor == "postgresql" else 4)
