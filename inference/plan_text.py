"""A plan as text: EXPLAIN for an answer, to be read by a person. Pure: the plan's JSON in, lines out.

It says nothing that the JSON does not say, and decides nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
NATS_NAMES = {
    "abc.max_influence_nats": "your max_influence_nats",
    "influence_nats.per_answer": "its policy, per answer",
    "budgets_left": "what is left of its budgets",
    "tokens": "the answer's length",
    "abc.max_price_micro_usd": "your max_price_micro_usd",
}
MONEY_NAMES = {
    "price_micro_usd_per_nat": "price times influence",
    "ceiling_price_micro_usd": "its ceiling",
    "abc.max_price_micro_usd": "your max_price_micro_usd",
    "floor_price_micro_usd": "its floor",
}
NOT_SET = {"budgets_left": "enough"}
WHOSE = {"user": "you", "policy": "its policy", "budget": "its budgets", "query_cap": "the answer's length"}


def plan_text(plan: Json) -> str:
    """Lines that end with a line break; never wider than the longest name makes them."""
    return "\n".join([*_head(plan), *_voters(plan), *_left_out(plan), *_quote(plan)]) + "\n"


def _head(plan: Json) -> Iterator[str]:
    yield (
        f"PLAN  {plan['output']} by {plan['core']}, {plan['mode']} mode, for {plan['purpose']}, "
        f"at most {_counted(plan['max_tokens'], 'token')}"
    )
    voters = _counted(len(plan["sources"]), "source")
    yield (
        f"      {voters} would vote, {sum(plan['excluded_counts'].values())} would not; "
        f"at most {_money(plan['quote']['total_micro_usd'])}"
    )


def _voters(plan: Json) -> Iterator[str]:
    for seat in plan["sources"]:
        yield ""
        relevance = "" if seat["relevance"] is None else f"   relevance {seat['relevance']:.2f}"
        yield f"-> {seat['source']}   of {seat['owner']}{relevance}"
        yield f"     voting right   {_gamma(seat)}"
        yield from _limits("influence", seat["nats_limits"], NATS_NAMES, "nats")
        price = f"{seat['price_micro_usd_per_nat']} micro-USD a nat, by {seat['price_rule']}"
        yield f"     price          {price}"
        yield from _limits("money", seat["money_limits"], MONEY_NAMES, "micro_usd")
        yield from _privacy(seat["privacy"])
        if seat["attribution_notice"]:
            yield f"     to be shown    {seat['attribution_notice']}"


def _gamma(seat: Json) -> str:
    sides = f"you ask {seat['gamma_requested']:g}, its policy allows {seat['gamma_policy']:g}"
    whose = "" if seat["limited_by"] is None else f" (by {WHOSE[seat['limited_by']]})"
    return f"{seat['gamma_effective']:g}{whose}: {sides}"


def _limits(title: str, limits: Sequence[Json], names: Mapping[str, str], unit: str) -> Iterator[str]:
    """One line a limit; an arrow at the one that binds."""
    for place, limit in enumerate(limits):
        amount = limit[unit]
        said = (
            NOT_SET.get(limit["limit"], "-")
            if amount is None
            else f"{amount:,g}"
            if _short(amount)
            else f"{amount:,}"
        )
        arrow = "  <- binds" if limit["binds"] else ""
        yield f"     {title if place == 0 else '':<14} {said:>14}  {names[limit['limit']]}{arrow}"


def _short(amount: float) -> bool:
    """Nats are read to six digits; money to the last micro-USD."""
    return isinstance(amount, float)


def _privacy(privacy: Json | None) -> Iterator[str]:
    if privacy is not None:
        charge = privacy["token_charge_nano_nats"]
        yield f"     privacy        eta {privacy['eta']:g}, {charge:,} nano-nats charged a token"


def _left_out(plan: Json) -> Iterator[str]:
    if not plan["excluded_counts"]:
        return
    counts = ", ".join(f"{rule} {count}" for rule, count in plan["excluded_counts"].items())
    yield ""
    yield f"NOT VOTING  {counts}"
    widest = max((len(one["source"]) for one in plan["excluded"]), default=0)
    rules = max((len(one["rule"]) for one in plan["excluded"]), default=0)
    for one in plan["excluded"]:
        yield f"   {one['source']:<{widest}}  {one['rule']:<{rules}}  {one['reason']}"


def _quote(plan: Json) -> Iterator[str]:
    quote = plan["quote"]
    limit = quote["max_price_micro_usd"]
    rows = (
        ("influence", quote["charges_micro_usd"], ""),
        ("floors", quote["floors_micro_usd"], ""),
        ("fee", quote["fee_micro_usd"], f"  {quote['fee_basis_points'] / 100:g} % of influence"),
        (
            "at most",
            quote["total_micro_usd"],
            "  no limit of yours" if limit is None else f"  your limit {limit:,}",
        ),
    )
    yield ""
    yield "QUOTE  in micro-USD; nothing is held or spent by this plan"
    for name, amount, beside in rows:
        yield f"   {name:<10} {amount:>14,}{beside}"


def _money(micro_usd: int) -> str:
    return f"{micro_usd:,} micro-USD (USD {micro_usd / 1_000_000:.6f})"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
