"""Which admitted sources know something about the question, each judged by its own index alone.

First half of step 5 (plan), and the second step of routing: `inference.shortlist` is the first. Policies
have filtered before: nothing here sees a source that may not vote. Opens indexes and nothing else: what a
seat needs beside it is `inference.materials`. In private answers a source that knows nothing keeps its seat,
because leaving would tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from accounting.maths.units import nano_nats_up
from accounting.maths.zcdp import private_charge_nats
from inference.bench import Bench
from inference.net.constants import PASSAGES_PER_SEAT, RELEVANCE_LEAST
from inference.net.encoder import Vectors
from inference.net.index import Found
from inference.net.relevance import votes
from inference.plan import Considered, Excluded
from inference.request import Question
from marketplace.admission import Admitted
from marketplace.duplicates.overlaps import groups_among

UNREADABLE = "Its partition cannot be read at the moment."


@dataclass(frozen=True, slots=True)
class Nearest:
    """A source's passages nearest to the question, by number, best first, of all that its index has."""

    found: tuple[Found, ...]
    passages: int


@dataclass(frozen=True, slots=True)
class Routed:
    considered: tuple[Considered, ...]
    nearest: Mapping[str, Nearest]
    unavailable: tuple[Excluded, ...]

    def without(self, out: Sequence[Excluded]) -> "Routed":
        """The same, with some that turned out to be unavailable."""
        gone = {one.slug for one in out}
        return replace(
            self,
            considered=tuple(one for one in self.considered if one.slug not in gone),
            unavailable=(*self.unavailable, *out),
        )


def route(*, admitted: Iterable[Admitted], question: Question, vector: Vectors, bench: Bench) -> Routed:
    """`vector` is where the question lies in the encoder's space."""
    considered, nearest, broken = [], {}, []
    admitted = list(admitted)
    opened = bench.shelf.knowledge(one.partition for one in admitted)
    for one in admitted:
        slug, knowledge = one.source.slug, opened.get(one.partition.pk)
        if knowledge is None:
            broken.append(unreadable(slug))
            continue
        best = knowledge.best(vector, count=PASSAGES_PER_SEAT)
        nearest[slug] = Nearest(tuple(best), knowledge.index.passages)
        considered.append(_considered(one, knowledge.relevance(vector), private=question.wishes.is_private))
    if not question.wishes.is_private:
        considered = _grouped(considered)
    return Routed(tuple(considered), nearest, tuple(broken))


def unreadable(slug: str) -> Excluded:
    return Excluded(slug, "partition_unavailable", UNREADABLE)


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
