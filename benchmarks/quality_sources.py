"""Sources of the quality benchmark: trained, written and read back by the product's own steps.

Which of them vote on a text is decided as routing decides it: each by its own index and threshold. It prints
nothing and judges nothing.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import invented
from benchmarks.calibrate import documents
from inference.net import constants
from inference.net.core import Core
from inference.net.encoder import Encoder, Vectors
from inference.net.generation import Seat
from inference.net.lora import Adapter
from inference.net.partition_files import (
    ADAPTER,
    INDEX,
    PASSAGES,
    Knowledge,
    Metrics,
    Passages,
    load_adapter,
    load_knowledge,
    load_passages,
)
from inference.net.passages import split_documents
from inference.net.relevance import votes
from inference.net.training import train_partition

HELD_OUT_LEAST = 300  # characters: a passage to be told must have something to tell
REAL_CHARACTERS = 40_000  # of each real text: enough to learn from, quick to index
Prompt = Callable[[Sequence[str]], list[int]]  # what a row reads with these passages


@dataclass(frozen=True, slots=True)
class Material:
    """What an owner registers, and what is kept from it."""

    name: str
    documents: tuple[str, ...]
    held_out: tuple[str, ...] = ()
    asked: tuple[invented.Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A partition as an engine holds it."""

    name: str
    knowledge: Knowledge
    passages: Passages
    adapter: Adapter
    metrics: Metrics
    seconds: float

    def relevance(self, question: Vectors) -> float:
        return self.knowledge.relevance(question)

    def nearest(self, question: Vectors) -> list[str]:
        """Passages for its row, best first."""
        found = self.knowledge.best(question, count=constants.PASSAGES_PER_SEAT)
        return [self.passages[hit.number].text for hit in found]

    def seat(self, question: Vectors, prompt: Prompt, *, relevance: float) -> Seat:
        ids = prompt(self.nearest(question))
        return Seat(self.name, self.adapter, ids, relevance, gamma=1.0, cap_nats=float("inf"))


def subjects(*, pages: int, held_out: int) -> list[Material]:
    """Two invented owners with questions, two real texts without."""
    made = [invented.lighthouses(pages=pages, held_out=held_out)]
    made.append(invented.workshop(pages=pages, held_out=held_out))
    owners = [Material(one.name, one.pages, one.held_out, one.asked) for one in made]
    return owners + [_real(name, texts, held_out) for name, texts in documents().items()]


def disturbances(*, words: int) -> list[Material]:
    """Owners who register noise."""
    return [Material(kind, (invented.noise(kind, words=words),)) for kind in invented.NOISES]


def _real(name: str, texts: Sequence[str], held_out: int) -> Material:
    """Whole documents are kept from the source, so that none of their passages is in its index."""
    order = sorted(texts)
    random.Random(0).shuffle(order)
    kept: list[str] = []
    while len(kept) < held_out:
        passages = [one.text for one in split_documents([order.pop()])]
        kept += [text for text in passages if len(text) >= HELD_OUT_LEAST][:1]
    registered: list[str] = []
    while order and sum(map(len, registered)) < REAL_CHARACTERS:
        registered.append(order.pop())
    return Material(name, tuple(registered), tuple(kept))


def trained(core: Core, encoder: Encoder, material: Material, directory: Path, *, tokens: int) -> Source:
    """Train, write, read back."""
    started = time.perf_counter()
    made = train_partition(
        core=core, encoder=encoder, documents=material.documents, directory=directory, adapter_tokens=tokens
    )
    knowledge = load_knowledge(
        directory / INDEX,
        digest=made.digest_of(INDEX),
        manifest=made.manifest,
        core=core,
        encoder=encoder,
    )
    passages = load_passages(
        directory / PASSAGES, digest=made.digest_of(PASSAGES), count=knowledge.index.passages
    )
    adapter = load_adapter(
        directory / ADAPTER, digest=made.digest_of(ADAPTER), core=core, core_digest=core.digest
    )
    seconds = time.perf_counter() - started
    return Source(material.name, knowledge, passages, adapter, made.metrics, seconds)


def routed(sources: Sequence[Source], question: Vectors, prompt: Prompt) -> list[Seat]:
    """A seat for each source above its own threshold whose adapter passed its gate, as the product seats."""
    scored = [(one, one.relevance(question)) for one in sources if one.metrics.votes]
    return [one.seat(question, prompt, relevance=score) for one, score in scored if votes(score)]
