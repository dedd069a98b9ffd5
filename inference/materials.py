"""What every seat brings to its row: its nearest passages and its adapter, loaded for seats alone.

Between plan and hold (steps 5 and 6). A source whose files turn out to be damaged is composed out and the
plan made again without it, so its seat goes to the next candidate. A plan that is only explained needs none
of this and never comes here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from inference.bench import Bench
from inference.net.grams import Grams
from inference.net.lora import Adapter
from inference.net.passages import Passage
from inference.plan import Plan, Seat
from inference.routing import Nearest, Routed, unreadable
from inference.shelf import Unusable
from marketplace.admission import Admitted
from marketplace.models import Document


@dataclass(frozen=True, slots=True)
class Material:
    """What a source brings to its own row. Whoever holds it keeps the adapter in memory."""

    adapter: Adapter
    passages: tuple[tuple[Passage, float], ...]  # the nearest, with their cosines, best first
    grams: Grams | None = None  # of a source that does not allow quoting

    @property
    def texts(self) -> list[str]:
        return [passage.text for passage, _ in self.passages]


Materials = Mapping[str, Material]


def plan_with_materials(
    *, routed: Routed, plan_for: Callable[[Routed], Plan], bench: Bench
) -> tuple[Plan, Materials]:
    """The plan in which all that the seats need can be read; every round leaves out who cannot."""
    while True:
        plan, materials, broken = plan_for(routed), {}, []
        for seat in plan.seats:
            try:
                materials[seat.slug] = _material(seat, routed.nearest[seat.slug], bench)
            except Unusable:
                broken.append(unreadable(seat.slug))
        if not broken:
            return plan, materials
        routed = routed.without(broken)


def quoted(admitted: Admitted, material: Material) -> list[dict[str, Any]]:
    """The passages in its row, where its policy allows quoting them."""
    if not admitted.limits.quote:
        return []
    names = list(
        Document.objects.filter(version=admitted.version.pk).order_by("name").values_list("name", flat=True)
    )
    return [
        {"text": passage.text, "document": names[passage.document], "score": cosine}
        for passage, cosine in material.passages
    ]


def _material(seat: Seat, nearest: Nearest, bench: Bench) -> Material:
    partition = seat.admitted.partition
    passages = bench.shelf.passages(partition, count=nearest.passages)
    best = tuple((passages[hit.number], hit.cosine) for hit in nearest.found)
    free = seat.admitted.limits.quote
    grams = None if free else bench.shelf.grams(partition, count=nearest.passages)
    return Material(bench.shelf.adapter(partition), best, grams)
