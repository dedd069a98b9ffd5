"""What a policy must not say at once: each check answers with the place and a sentence naming both sides."""

from collections.abc import Iterator

from marketplace.policy.ladder import limits_of
from marketplace.policy.policy import Policy
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import lineage
from marketplace.policy.request import NANO, Limits


def contradictions(policy: Policy) -> Iterator[Problem]:
    yield from _window(policy)
    yield from _consumers(policy)
    yield from _purposes(policy)
    yield from _influence(policy)
    yield from _price(policy)
    yield from _regime(policy)


def _window(policy: Policy) -> Iterator[Problem]:
    start, end = policy.window.valid_from, policy.window.valid_until
    if start is not None and end is not None and start >= end:
        yield Problem(
            "$.valid_until", "The policy ends before it begins: valid_until must be after valid_from."
        )


def _consumers(policy: Policy) -> Iterator[Problem]:
    for slug in sorted(policy.consumers.allow & policy.consumers.deny):
        yield Problem("$.consumers", f"The organisation '{slug}' is both allowed and denied.")


def _purposes(policy: Policy) -> Iterator[Problem]:
    allow, deny = policy.purposes.allow, policy.purposes.deny
    for term in sorted(allow):
        over = next((above for above in lineage(term) if above in deny), None)
        if over == term:
            yield Problem("$.purposes", f"The purpose '{term}' is both allowed and denied.")
        elif over is not None:
            yield Problem(
                "$.purposes.allow",
                f"Allowing '{term}' has no effect, because '{over}', which includes it, is denied.",
            )


def _influence(policy: Policy) -> Iterator[Problem]:
    ladder = limits_of(policy.limits)
    yield from _twice(policy.limits)
    for index, limit in enumerate(ladder):
        wider = next(
            (one for one in ladder[index + 1 :] if limit.within(one) and limit.most > one.most), None
        )
        if wider is not None:
            yield Problem(limit.path, f"The limit {limit.name} is larger than the limit {wider.name}.")
    floor, least = policy.limits.floor_nats, min(ladder, key=lambda one: one.most, default=None)
    if floor is not None and least is not None and floor * NANO > least.most:
        yield Problem("$.floor_nats", f"The floor is more influence than the limit {least.name} allows.")


def _twice(limits: Limits) -> Iterator[Problem]:
    """The same window with two limits: one of them would be a guess."""
    seen = {"day-calendar-each"} if limits.per_consumer_day_nano_nats is not None else set()
    for number, window in enumerate(limits.windows):
        if window.key in seen:
            already = " (per_consumer_day is the same window)" if window.key == "day-calendar-each" else ""
            yield Problem(
                f"$.influence_nats.windows[{number}]",
                f"The {window.kind} {window.per} for {window.consumers} is there already{already}.",
            )
        seen.add(window.key)


def _price(policy: Policy) -> Iterator[Problem]:
    floor, ceiling = policy.limits.floor_price_micro_usd, policy.limits.ceiling_price_micro_usd
    if ceiling is not None and ceiling < floor:
        yield Problem(
            "$.ceiling_price_micro_usd",
            f"The most that an answer pays ({ceiling} micro-USD) is below the least ({floor} micro-USD).",
        )


def _regime(policy: Policy) -> Iterator[Problem]:
    limits = policy.limits
    if limits.regime == "attribution" and limits.floor_nats is None:
        yield Problem(
            "$.floor_nats", "The attribution regime needs floor_nats, the attribution it insists on."
        )
    if limits.regime != "attribution" and limits.floor_nats is not None:
        yield Problem("$.floor_nats", "Only the attribution regime has a floor.")
    if limits.regime == "attribution" and limits.max_gamma == 0:
        yield Problem(
            "$.max_gamma", "A source that insists on attribution cannot have no voting right at all."
        )
    if limits.regime == "privacy" and limits.privacy is None:
        yield Problem(
            "$.privacy", "The privacy regime needs a finite privacy clause: budget_nats, eta and delta."
        )
    if limits.regime == "privacy" and limits.quote:
        yield Problem("$.quote", "The privacy regime cannot allow quoting: a quoted passage is a disclosure.")
