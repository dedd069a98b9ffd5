"""What a plan and an answer say alike of one seat: what the user asked for and what the owner allows it.

Pure; public values only, so it is the same in both modes. Prices and what was measured stand elsewhere.
"""

from typing import Any

from inference.plan import NANO, Seat


def both_sides(seat: Seat) -> dict[str, Any]:
    return {
        "source": seat.slug,
        "owner": seat.admitted.source.owner,
        "gamma_requested": seat.gamma_requested,
        "gamma_policy": seat.admitted.limits.max_gamma,
        "cap_nats": seat.cap_nano_nats / NANO,
        "cap_limited_by": seat.cap_limited_by,
        "attribution_notice": seat.admitted.limits.attribution_notice,
    }
