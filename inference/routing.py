"""Which admitted sources know something about the question, each judged by its own index alone.

First half of step 5 (plan), and the second step of routing: `inference.shortlist` is the first. Policies
have filtered before: nothing here sees a source that may not vote. In private answers a source that knows
nothing keeps its seat, because leaving would tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from accounting.maths.units import nano_nats_up
from accounting.maths.zcdp import private_charge_nats
from inference.bench import Bench
from inference.net.constants import PASSAGES_PER_SEAT, RELEVANCE_LEAST
from inference.net.encoder import Vectors
from inference.net.partition_files import Partition
from inference.net.passages import Passage
from inference.net.relevance import votes
from inference.plan import Considered, Excluded
from inference.request import Question
from inference.shelf import Unusable
from marketplace.admission import Admitted
from marketplace.duplicates.overlaps import groups_among
from marketplace.models import Document


@dataclass(frozen=True, slots=True)
class Material:
    """What a source would bring to its own row."""

    partition: Partition
    passages: tuple[tuple[Passage, float], ...]  # the nearest, with their cosines, best first

    @property
    def texts(self) -> list[str]:
        return [passage.text for passage, _ in self.passages]


@dataclass(frozen=True, slots=True)
class Routed:
    considered: tuple[Considered, ...]
    materials: Mapping[str, Material]
    unavailable: tuple[Excluded, ...]


def route(*, admitted: Iterable[Admitted], question: Question, vector: Vectors, bench: Bench) -> Routed:
    """`vector` is where the question lies in the encoder's space."""
    considered, materials, broken = [], {}, []
    admitted = list(admitted)
    bench.shelf.read_manifests(one.partition for one in admitted)
    for one in admitted:
        slug = one.source.slug
        try:
            partition = bench.shelf.take(one.partition)
        except Unusable:
            reason = "Its partition cannot be read at the moment."
            broken.append(Excluded(slug, "partition_unavailable", reason))
            continue
        materials[slug] = Material(partition, tuple(partition.best(vector, count=PASSAGES_PER_SEAT)))
        score = partition.relevance(vector)
        considered.append(_considered(one, score, private=question.wishes.is_private))
    if not question.wishes.is_private:
        considered = _grouped(considered)
    return Routed(tuple(considered), materials, tuple(broken))


def quoted(admitted: Admitted, material: Material) -> list[dict[str, Any]]:
    """The passages in its row, where its policy allows quoting them."""
    if not admitted.limits.quote:
        return []
    names = list(
        Document.objects.filter(version=admitted.version).order_by("name").values_list("name", flat=True)
    )
    return [
        {"text": passage.text, "document": names[passage.document], "score": cosine}
        for passage, cosine in material.passages
    ]


def _considered(admitted: Admitted, score: float, *, private: bool) -> Considered:
    if not private:
        return Considered(admitted, score)
    terms = admitted.limits.privacy
    assert terms is not None, "admission lets no source without privacy terms into a private answer"
    charge = nano_nats_up(private_charge_nats(alpha=settings.ALPHA, eta=terms.eta))
    return Considered(admitted, score if score >= RELEVANCE_LEAST else 0.0, token_charge_nano_nats=charge)


def _grouped(considered: Sequence[Considered]) -> list[Considered]:
    """Nearly the same text, offered twice, shares one seat. No private source is ever compared."""
    knowing = [one for one in considered if votes(one.relevance)]
    alike = groups_among([one.admitted.version.pk for one in knowing])
    number_of = {leader: number for number, leader in enumerate(dict.fromkeys(alike.values()))}
    grouped = {
        one.slug: number_of[alike[one.admitted.version.pk]]
        for one in knowing
        if one.admitted.version.pk in alike
    }
    return [replace(one, group=grouped.get(one.slug)) for one in considered]
