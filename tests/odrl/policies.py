"""Any valid policy in its plain form, for properties."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from marketplace.policy import plain
from marketplace.policy.countries import COUNTRIES
from marketplace.policy.kinds.outputs import OUTPUTS
from marketplace.policy.odrl.terms import Place
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.purposes import PURPOSES

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place("https://market.example", "almanac", "owner")
SLUGS = st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True)
PARTIES = st.one_of(
    SLUGS, SLUGS.map("group:{}".format), st.sampled_from(["domain:example.org", "domain:a.b-c.test"])
)
PURPOSE = st.sampled_from(sorted(PURPOSES))
NATS = st.one_of(st.integers(0, 10**9), st.floats(0, 10**9, allow_subnormal=False))
POSITIVE = st.floats(1e-300, 1, exclude_min=True)
MONEY = st.integers(0, 10**12)
LINE = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), min_size=1, max_size=20).filter(
    lambda text: text.isprintable() and bool(text.strip()) and any(one.isalnum() for one in text)
)
WORDS = st.lists(LINE, min_size=1, max_size=3, unique=True)
REGION = st.fixed_dictionaries({"examples": WORDS}, optional={"keywords": WORDS, "distance": POSITIVE})
MOMENTS = st.integers(0, 10**8).map(lambda seconds: FIRST + timedelta(seconds=seconds))


def some(words: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(words, min_size=least, max_size=4, unique=True)


@st.composite
def sides(draw: st.DrawFn, words: st.SearchStrategy[str], everything: str | None) -> dict[str, Any]:
    """What is allowed and what is denied, never the same."""
    allow = draw(some(words)) + ([everything] if everything and draw(st.booleans()) else [])
    deny = [word for word in draw(some(words)) if word not in allow]
    return draw(st.sampled_from([{"allow": allow, "deny": deny}, {"allow": allow}]))


@st.composite
def windows(draw: st.DrawFn) -> list[dict[str, Any]]:
    pairs = [(per, kind, whose) for per in ("hour", "day", "month") for kind in ("calendar", "rolling")
             for whose in ("each", "all")]  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=3, unique=True))
    nats = draw(st.integers(0, 1000))
    return [{"per": per, "kind": kind, "consumers": whose, "nats": nats} for per, kind, whose in chosen]


@st.composite
def prices(draw: st.DrawFn) -> list[dict[str, Any]]:
    rules = draw(st.lists(st.tuples(st.none() | PARTIES, st.none() | PURPOSE), max_size=3, unique=True))
    return [
        {"price_micro_usd_per_nat": draw(MONEY), **({"consumer": consumer} if consumer else {}),
         **({"purpose": purpose} if purpose else {})}
        for consumer, purpose in rules if consumer or purpose
    ]  # fmt: skip


COUNTRY_SIDES = st.fixed_dictionaries({}, optional={
    "allow": some(st.sampled_from(sorted(COUNTRIES)[:100]), 1),
    "deny": some(st.sampled_from(sorted(COUNTRIES)[100:])),
})  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Every key may be absent or null; what happens to contradict itself is thrown away."""
    regime = draw(st.sampled_from(["privacy", "measurement", "attribution", None]))
    start = draw(st.none() | MOMENTS)
    quote = draw(st.sampled_from([True, False, None])) if regime != "privacy" else None
    written: dict[str, Any] = {
        "regime": regime,
        "consumers": draw(st.none() | sides(PARTIES, "*")),
        "purposes": draw(st.none() | sides(PURPOSE, "*")),
        "countries": draw(st.none() | COUNTRY_SIDES),
        "valid_from": start.isoformat() if start else None,
        "valid_until": draw(st.none() | st.just(((start or FIRST)
                                                 + timedelta(days=9)).isoformat())),
        "approval": draw(st.sampled_from([None, "none", "required"])),
        "topics": draw(st.none() | st.fixed_dictionaries({"within": REGION}) | st.fixed_dictionaries(
            {"not_within": REGION}, optional={"within": st.none()})),
        "max_gamma": draw(st.none() | st.floats(0.001, 1) | st.just(1)),
        "floor_nats": draw(POSITIVE) if regime == "attribution" else None,
        "privacy": draw(st.fixed_dictionaries(
            {"budget_nats": st.floats(1e-9, 100), "eta": POSITIVE, "delta": st.floats(1e-12, 0.5)}))
        if regime == "privacy" else None,
        "influence_nats": draw(st.none() | st.fixed_dictionaries({}, optional={
            "per_answer": NATS, "per_consumer_day": NATS, "lifetime": NATS, "windows": windows()})),
        "price_micro_usd_per_nat": draw(st.none() | MONEY),
        "floor_price_micro_usd": draw(st.none() | st.integers(0, 100)),
        "ceiling_price_micro_usd": draw(st.none() | st.integers(100, 10**12)),
        "prices": draw(st.none() | prices()),
        "quote": quote,
        "outputs": draw(st.none() | some(st.sampled_from(sorted(set(OUTPUTS) - {"quotation"})), 1).map(
            lambda kinds: {"allow": kinds + (["quotation"] if quote else [])})),
        "minimum_coalition": draw(st.none() | st.integers(0, 64)),
        "not_together_with": draw(st.none() | some(SLUGS)),
        "attribution_notice": draw(st.none() | LINE),
    }  # fmt: skip
    kept = {key: value for key, value in written.items() if value is not None or draw(st.booleans())}
    try:
        plain.parse(kept)
    except PolicyInvalid:
        assume(False)
    return kept
