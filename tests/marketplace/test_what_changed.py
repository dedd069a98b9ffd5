"""Every write that can change who votes is noted by the database itself, whoever writes it and however."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from marketplace import publishing, registration, standing
from marketplace.database_rules import RULES
from marketplace.models import Partition, Source, SourceChange
from marketplace.texts import Upload
from tests.builders import draft_source, live_source, policy, publish, train, upload
from tests.cast import Cast

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


def noted_after(write: Callable[[], object]) -> set[int]:
    SourceChange.objects.all().delete()
    write()
    return set(SourceChange.objects.values_list("source_id", flat=True))


@pytest.mark.parametrize(
    "write",
    [
        lambda cast, one: publishing.publish_policy(
            source=one,
            plain=policy(price_micro_usd_per_nat=7),
            acting_user=cast.owner.user,
            now=timezone.now(),
        ),
        lambda cast, one: standing.suspend(source=one, acting_user=cast.owner.user, now=timezone.now()),
        lambda cast, one: standing.withdraw(source=one, acting_user=cast.owner.user, now=timezone.now()),
        lambda _cast, one: Source.objects.filter(pk=one.pk).update(state="suspended"),
        lambda cast, one: Source.objects.filter(pk=one.pk).update(organisation=cast.buyer.organisation),
        lambda _cast, one: Partition.objects.filter(source=one).update(metrics={"votes": False}),
        lambda _cast, one: Partition.objects.filter(source=one).update(core_digest="d" * 64),
        lambda _cast, one: Partition.objects.filter(source=one).update(state="withdrawn"),
    ],
)
def test_what_decides_about_a_vote_is_noted_for_its_source_alone(cast: Cast, write):
    source = live_source(cast.owner)
    live_source(cast.second_owner, "ballads")
    assert noted_after(lambda: write(cast, source)) == {source.pk}


def test_a_new_source_and_a_newly_trained_one_are_noted(cast: Cast):
    SourceChange.objects.all().delete()
    source = draft_source(cast.owner)
    assert SourceChange.objects.filter(source=source).exists()
    upload(cast.owner, source)
    publish(cast.owner, source)
    assert noted_after(lambda: train(cast.owner, source)) == {source.pk}


def test_what_does_not_decide_is_not_noted(cast: Cast):
    source = live_source(cast.owner)
    text = Upload("b.txt", b"More about whales.")
    assert not noted_after(
        lambda: registration.add_documents(
            source=source, uploads=[text], acting_user=cast.owner.user, now=timezone.now()
        )
    )
    waiting = {"state": "queued", "training_digest": "x", "adapter_tokens": 1, "created_at": timezone.now()}
    assert not noted_after(
        lambda: Partition.objects.create(source=source, version=source.versions.get(number=1), **waiting)
    )


def test_every_rule_of_the_marketplace_is_in_the_database():
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    assert {rule.name for rule in RULES} <= present
