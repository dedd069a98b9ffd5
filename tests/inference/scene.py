"""A market with tiny partitions that really vote: what the tests of answers play on."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounting import ledger, wallets
from accounting.models import Receipt
from inference import engine
from inference.bench import Bench
from inference.models import Answer
from inference.net.training import TrainedPartition
from inference.shelf import Shelf
from marketplace import job_lease, training_jobs
from marketplace.duplicates import comparing
from marketplace.models import Partition, Source
from marketplace.storage import store
from tests import builders
from tests.cast import Actor, Cast

WORDS = {
    "python-guide": "A closure in Python keeps the variables of the function around it. A generator "
    "yields values one after another. A decorator wraps a function. A list comprehension "
    "builds a list from a loop. ",
    "opera-guide": "In the opera the soprano sings an aria in the second act. The libretto tells of a "
    "jealous baritone. The orchestra plays an overture before the curtain. A duet ends the third act. ",
    "whale-book": "The whale is a mammal that lives in the sea. A sperm whale dives deep for squid. The "
    "harpooner stands in the bow of the boat. Whale oil lit the lamps of the town. ",
}
ABOUT = {
    "python-guide": "What is a closure in Python, and does a generator yield values?",
    "opera-guide": "Who sings the aria in the second act of the opera?",
    "whale-book": "Is the sperm whale a mammal that lives in the sea?",
}


def text_of(slug: str) -> str:
    """Long enough for several passages, with numbers so that no two of them are the same."""
    return "\n\n".join(f"{number}. {WORDS[slug]} " * 3 for number in range(8))


@dataclass
class Scene:
    """Cast, engine and sources of one test."""

    cast: Cast
    bench: Bench
    trained: dict[str, TrainedPartition]
    sources: dict[str, Source] = field(default_factory=dict)

    def offer(self, slug: str, owner: Actor | None = None, *, as_slug: str = "", **policy: Any) -> Source:
        """A live source with a partition that was really trained."""
        owner, name = owner or self.cast.owner, as_slug or slug
        source = builders.draft_source(owner, name)
        builders.upload(owner, source, text=text_of(slug), name=f"{name}.txt")
        self.sources[name] = builders.publish(owner, source, **policy)
        comparing.compare_due(now=timezone.now(), clock=timezone.now)  # as upkeep does within seconds
        self._train(owner, source, self.trained[slug])
        return self.sources[name]

    def _train(self, owner: Actor, source: Source, trained: TrainedPartition) -> None:
        now = timezone.now()
        job = training_jobs.start_training(source=source, acting_user=owner.user, now=now)
        lease = job_lease.claim(job_id=job.pk, now=now)
        assert lease is not None
        digests: dict[str, Any] = {
            part: store().put(trained.directory / file)
            for part, file in (
                ("adapter_digest", "adapter.safetensors"),
                ("index_digest", "index.faiss"),
                ("passages_digest", "passages.jsonl"),
            )
        }
        done = job_lease.Trained(
            **digests,
            digest=trained.manifest["digest"],
            manifest=trained.manifest,
            metrics={**trained.manifest["metrics"], "votes": True},
        )
        assert job_lease.finish(lease=lease, trained=done, now=now)

    def partition(self, slug: str) -> Partition:
        return Partition.objects.get(source__slug=slug, state="active")

    def fill_wallet(self, actor: Actor | None = None, micro_usd: int = 10_000_000) -> None:
        wallets.top_up(
            wallet_id=(actor or self.cast.buyer).organisation.wallet_account_id,
            amount_micro_usd=micro_usd,
            operation_id=uuid4(),
            acting_user_label="operator",
            now=timezone.now(),
        )

    def money_left(self) -> int:
        """What the buyer can still spend, in micro-USD."""
        available = ledger.balance(self.cast.buyer.organisation.wallet_account_id).available
        assert available is not None
        return available

    def open_files_by(self, opening: Callable[[str], Path]) -> None:
        """From now on the engine gets partition files like this."""
        shelf = Shelf(core=self.bench.core, encoder=self.bench.encoder, open_file=opening)
        engine.use(replace(self.bench, shelf=shelf))

    def events(self, answer: Answer) -> list[Any]:
        return [one.event for one in self.bench.channel.read(answer.pk, after=0, timeout_seconds=0)]

    def receipt(self, receipt_id: Any) -> Receipt:
        return Receipt.objects.get(pk=receipt_id)

    def ask(self, actor: Actor | None = None, *, about: str = "python-guide", **body: Any) -> Any:
        """POST /v1/chat/completions."""
        return (actor or self.cast.buyer).api.post(
            "/v1/chat/completions", self.body(about=about, **body), format="json"
        )

    def body(self, *, about: str = "python-guide", **changes: Any) -> dict[str, Any]:
        messages = [{"role": "user", "content": ABOUT[about]}]
        return {"model": "tiny", "messages": messages, "max_tokens": 6, "seed": 7, **changes}


def damaged_copy(path: Path, target: Path) -> Path:
    """The first half of a file."""
    shutil.copy(path, target)
    target.write_bytes(target.read_bytes()[: path.stat().st_size // 2])
    return target
