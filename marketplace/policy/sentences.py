"""A policy in plain words, one sentence a rule, for the portal and for `/policy/validate`."""

from collections.abc import Iterator

from marketplace.policy.policy import Policy
from marketplace.policy.purposes import ANY, PURPOSES
from marketplace.policy.request import NANO, Limits
from marketplace.policy.windows import Window

_REGIMES = {
    "privacy": "It votes in private answers only, with a guaranteed bound on what any answer can reveal.",
    "measurement": "Its influence on every answer is measured and capped.",
    "attribution": "Its influence on every answer is measured, and a minimum attribution is asked for.",
}


def sentences(policy: Policy) -> list[str]:
    """Everything the policy says, in the order an owner would ask."""
    return [*_who(policy), *_when(policy), _REGIMES[policy.limits.regime], *_how_much(policy.limits),
            *_price(policy.limits)]  # fmt: skip


def _who(policy: Policy) -> Iterator[str]:
    consumers, purposes = policy.consumers, policy.purposes
    if not consumers.allow:
        yield "No organisation may use it: nobody is allowed yet."
    elif ANY in consumers.allow:
        yield "Every organisation may use it" + _except(sorted(consumers.deny)) + "."
    else:
        yield f"Only {_listed(sorted(consumers.allow))} may use it."
    if not purposes.allow:
        yield "It may be used for no purpose: none is allowed yet."
    elif ANY in purposes.allow:
        yield "It may be used for every purpose" + _except(_titles(purposes.deny)) + "."
    else:
        yield f"It may be used for {_listed(_titles(purposes.allow))}" + _except(_titles(purposes.deny)) + "."


def _when(policy: Policy) -> Iterator[str]:
    start, end = policy.window.valid_from, policy.window.valid_until
    if start is not None:
        yield f"Not before {start:%d %B %Y, %H:%M %Z}."
    if end is not None:
        yield f"Not after {end:%d %B %Y, %H:%M %Z}."


def _how_much(limits: Limits) -> Iterator[str]:
    if limits.max_gamma < 1:
        yield f"Its voting right is at most {limits.max_gamma:.0%}."
    for words, value in (
        ("one answer", limits.per_answer_nano_nats),
        *((_whose(window), window.nano_nats) for window in limits.all_windows),
        ("all answers together, for ever", limits.lifetime_nano_nats),
    ):
        if value is not None:
            yield f"It moves {words} by at most {value / NANO:,.9g} nats."
    if limits.floor_nats is not None:
        yield f"An answer that uses it should rest on it by at least {limits.floor_nats:,.9g} nats."
    if limits.privacy is not None:
        terms = limits.privacy
        yield (
            f"In private answers it gives {terms.budget_nano_nats / NANO:,.9g} nats in its whole life, "
            f"with at most {terms.eta:g} a token (delta {terms.delta:g})."
        )


def _whose(window: Window) -> str:
    everybody = "all answers together" if window.consumers == "all" else "the answers of one organisation"
    return f"{everybody} in {window.stretch}"


def _price(limits: Limits) -> Iterator[str]:
    yield f"It costs {limits.price_micro_usd_per_nat:,} micro-USD a nat of influence."
    if limits.floor_price_micro_usd:
        yield f"Every answer it votes in pays at least {limits.floor_price_micro_usd:,} micro-USD."
    if limits.ceiling_price_micro_usd is not None:
        yield f"No answer pays it more than {limits.ceiling_price_micro_usd:,} micro-USD."
    yield "Its passages may be quoted." if limits.quote else "Its passages are never shown."


def _titles(terms: frozenset[str]) -> list[str]:
    return sorted(PURPOSES[term].title.lower() for term in terms)


def _except(names: list[str]) -> str:
    return f", except {_listed(names)}" if names else ""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
