"""What all voters of an answer moved together, less the sum of what each moved alone: the line that is shown.

Leave-one-out attributions do not sum to the whole. The rest belongs to no single source, is charged to nobody
and has a sign. Here it gets its exact form (nano-nats) and its one sentence, for receipts, API and pages
alike; nobody else words it. It is None in private answers, where nothing is measured.
"""

from collections.abc import Mapping
from typing import Any

NANO_PER_NAT = 10**9
UNCHARGED = "It belongs to no single source and is charged to nobody."


def exact(nats: float) -> float:
    """Rounded to whole nano-nats: what is noise of a sum of floats is 0, and 0 has no sign."""
    return round(nats * NANO_PER_NAT) / NANO_PER_NAT


def nano_nats_of(body: Mapping[str, Any]) -> int | None:
    """The shared influence that a receipt's body states, in nano-nats; None where nothing was measured."""
    nats = body.get("shared_nats")
    return None if nats is None else round(nats * NANO_PER_NAT)


def sentence(nano_nats: int | None) -> str | None:
    """What the number means, by its sign."""
    if nano_nats is None:
        return None
    if nano_nats == 0:
        return f"Together the sources moved exactly the sum of what each moved alone. {UNCHARGED}"
    if nano_nats > 0:
        return (
            "Together the sources moved more than the sum of what each moved alone, as sources do that say "
            f"the same. {UNCHARGED}"
        )
    return (
        "Together the sources moved less than the sum of what each moved alone, as sources do that pull "
        f"against each other. {UNCHARGED}"
    )
