"""Puts sources, policies and partitions in place through the use cases, as owners would."""

import hashlib
import json
from typing import Any

from django.conf import settings
from django.utils import timezone

from marketplace import job_lease, publishing, registration, training_jobs
from marketplace.models import Partition, Source
from marketplace.texts import Upload
from tests.cast import Actor

PLAIN: dict[str, Any] = {
    "regime": "measurement",
    "purposes": {"allow": ["research", "education"]},
    "consumers": {"allow": ["*"]},
    "price_micro_usd_per_nat": 20,
    "influence_nats": {"per_answer": 200, "lifetime": 1_000_000},
}


def policy(**changes: Any) -> dict[str, Any]:
    """The usual policy, with changes."""
    return {**PLAIN, **changes}


def draft_source(owner: Actor, slug: str = "almanac") -> Source:
    return registration.register_source(
        organisation=owner.organisation,
        slug=slug,
        title=slug.title(),
        description=f"The {slug}.",
        license="CC-BY-4.0",
        acting_user=owner.user,
        now=timezone.now(),
    )


def upload(owner: Actor, source: Source, text: str = "Whales are mammals.", name: str = "a.txt") -> None:
    registration.add_documents(
        source=source, uploads=[Upload(name, text.encode())], acting_user=owner.user, now=timezone.now()
    )


def publish(owner: Actor, source: Source, **changes: Any) -> Source:
    publishing.publish_policy(
        source=source, plain=policy(**changes), acting_user=owner.user, now=timezone.now()
    )
    source.refresh_from_db()
    return source


def train(owner: Actor, source: Source, **metrics: Any) -> Partition:
    """A partition that counts as trained; its files are names only. Needs the fixture `named_core`."""
    now = timezone.now()
    job = training_jobs.start_training(source=source, acting_user=owner.user, now=now)
    lease = job_lease.claim(job_id=job.pk, now=now)
    assert lease is not None
    trained = job_lease.Trained(
        adapter_digest=_digest(source, job.pk, "adapter"),
        index_digest=_digest(source, job.pk, "index"),
        passages_digest=_digest(source, job.pk, "passages"),
        digest=_digest(source, job.pk, "whole"),
        metrics={"votes": True, **metrics},
    )
    assert job_lease.finish(lease=lease, trained=trained, now=now)
    return Partition.objects.get(pk=job.partition_id)


def live_source(owner: Actor, slug: str = "almanac", **changes: Any) -> Source:
    """A source that votes: registered, uploaded, with a policy and a partition. Needs `named_core`."""
    source = draft_source(owner, slug)
    upload(owner, source, text=f"Whales are mammals, says the {slug}.")
    source = publish(owner, source, **changes)
    train(owner, source)
    return source


def name_core(slug: str = "tiny", digest: str = "c" * 64) -> None:
    """A core by name only, where settings.CORE_DIRECTORY points."""
    settings.CORE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    manifest = {"slug": slug, "digest": digest}
    (settings.CORE_DIRECTORY / "core.json").write_text(json.dumps(manifest))


def _digest(source: Source, number: int, part: str) -> str:
    return hashlib.sha256(f"{source.slug}/{number}/{part}".encode()).hexdigest()
