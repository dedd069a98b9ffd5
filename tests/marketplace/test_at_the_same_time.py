"""Two at once: one outcome, whoever is faster. Threads on the real database, each with its connection."""

import pytest
from django.utils import timezone

from marketplace import demand, job_lease, publishing, registration, training_jobs, window_budgets
from marketplace.admission import admit
from marketplace.models import Job, PolicyVersion, RefusalCount, Source, SourceVersion, WindowBudget
from marketplace.texts import Upload
from tests.at_once import AT_ONCE, at_once
from tests.builders import draft_source, live_source, policy, upload

pytestmark = [
    pytest.mark.books,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("named_core", "work_is_noted"),
]


def test_one_of_many_registers_a_slug(cast):
    got = at_once(lambda _: draft_source(cast.owner).slug)
    assert sorted(map(str, got)) == ["almanac", "slug_taken", "slug_taken", "slug_taken"]
    assert Source.objects.count() == 1


def test_uploads_become_versions_one_after_another(cast):
    source = draft_source(cast.owner)

    def send(number: int) -> int:
        uploads = [Upload(f"{number}.txt", f"Text {number}.".encode())]
        return registration.add_documents(
            source=source, uploads=uploads, acting_user=cast.owner.user, now=timezone.now()
        ).number

    assert sorted(map(str, at_once(send))) == ["1", "2", "3", "4"]
    assert SourceVersion.objects.get(number=4).documents.count() == 4


def test_policies_are_numbered_without_a_gap(cast):
    source = draft_source(cast.owner)

    def send(number: int) -> int:
        return publishing.publish_policy(
            source=source,
            plain=policy(price_micro_usd_per_nat=number),
            acting_user=cast.owner.user,
            now=timezone.now(),
        ).number

    assert sorted(map(str, at_once(send))) == ["1", "2", "3", "4"]
    source.refresh_from_db()
    assert source.policy == PolicyVersion.objects.get(number=4)


def test_one_wish_many_times_is_one_training(cast):
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    got = at_once(
        lambda _: (
            training_jobs.start_training(source=source, acting_user=cast.owner.user, now=timezone.now()).pk
        )
    )
    assert len(set(got)) == 1
    assert Job.objects.count() == 1


def test_one_of_many_workers_claims_a_job(cast):
    source = draft_source(cast.owner)
    upload(cast.owner, source)
    job = training_jobs.start_training(source=source, acting_user=cast.owner.user, now=timezone.now())
    got = at_once(lambda _: job_lease.claim(job_id=job.pk, now=timezone.now()))
    assert sum(lease is not None for lease in got) == 1


def test_a_day_budget_is_opened_once(cast):
    live_source(cast.owner, influence_nats={"per_consumer_day": 5})
    consumer, now = cast.buyer.organisation, timezone.now()
    admitted = admit(consumer=consumer, purpose="research", mode="open", now=now).admitted
    got = at_once(
        lambda _: window_budgets.open_for(admitted=admitted, consumer=consumer, now=now)[0].budget_account_ids
    )
    assert len(set(map(str, got))) == 1
    assert WindowBudget.objects.count() == 1


def test_no_count_of_refusals_is_lost(cast):
    slugs = ["almanac", "bestiary", "codex"]
    for slug in slugs:
        draft_source(cast.owner, slug)

    def refuse(number: int) -> None:
        for turn in range(5):
            some = slugs if (number + turn) % 2 else slugs[::-1]
            asked = demand.Asked(
                consumer=cast.buyer.organisation, purpose="research", mode="open", output="answer",
                to_everybody=True, refused=dict.fromkeys(some, "purpose"), others={"time": 2, "budget": 1},
            )  # fmt: skip
            demand.count(asked, now=timezone.now())

    assert at_once(refuse) == [None] * AT_ONCE
    by_source = {(row.source_id is None, row.rule): row.count for row in RefusalCount.objects.all()}
    assert by_source == {(False, "purpose"): 20, (True, "time"): 40, (True, "budget"): 20}
    assert RefusalCount.objects.filter(source__isnull=False).count() == 3
