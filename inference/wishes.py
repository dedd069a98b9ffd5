"""What the caller wants of the sources: the `abc` part of a request.

Checks what needs no database: types, ranges, contradictions and what private answers forbid.
Whether a source exists and may vote is `marketplace.admission`'s to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from inference.fields import Fields, refuse

MODES = ("open", "private")
Asked = Literal["answer", "classification"]
OUTPUTS = ("answer", "classification")
EXPLAIN = ("sources", "tokens")
MOST_MICRO_USD = 10**15
MOST_NATS = 1e6
KNOWN = frozenset(
    {
        "mode", "purpose", "only", "ignore", "require", "gamma", "max_price_micro_usd", "max_influence_nats",
        "seed", "store", "explain", "output",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which sources, how much of each, for what purpose and at what price."""

    mode: str
    purpose: str
    only: tuple[str, ...] | None  # None: all that are admitted; empty: the core alone
    ignore: tuple[str, ...]
    require: tuple[str, ...]
    gamma: Mapping[str, float]  # ceilings; a source that is not named has 1
    max_price_micro_usd: int | None
    max_influence_nats: float | None
    seed: int | None
    store: bool
    explain: str
    output: Asked

    @property
    def is_private(self) -> bool:
        return self.mode == "private"

    def named(self) -> frozenset[str]:
        """Every source that the request mentions by name."""
        return frozenset(self.only or ()) | set(self.ignore) | set(self.require) | set(self.gamma)

    def wanted(self) -> frozenset[str]:
        """Every source that the request would have vote, by name."""
        return frozenset(self.only or ()) | set(self.require) | set(self.gamma)

    def gamma_of(self, slug: str) -> float:
        return self.gamma.get(slug, 1.0)


def read_wishes(fields: Fields, *, default_purpose: str, store_by_default: bool) -> Wishes:
    fields.refuse_unknown(KNOWN)
    wishes = Wishes(
        mode=fields.choice("mode", "open", among=MODES),
        purpose=fields.text("purpose", default_purpose),
        only=fields.slugs("only"),
        ignore=fields.slugs("ignore") or (),
        require=fields.slugs("require") or (),
        gamma=_gammas(fields.object("gamma")),
        max_price_micro_usd=fields.whole_or_none("max_price_micro_usd", least=0, most=MOST_MICRO_USD),
        max_influence_nats=fields.number_or_none("max_influence_nats", least=0, most=MOST_NATS),
        seed=fields.whole_or_none("seed", least=-(2**63), most=2**63 - 1),
        store=fields.flag("store", store_by_default),
        explain=fields.choice("explain", "sources", among=EXPLAIN),
        output=cast("Asked", fields.choice("output", "answer", among=OUTPUTS)),
    )
    _refuse_contradictions(wishes)
    return wishes


def _gammas(fields: Fields) -> dict[str, float]:
    values = {}
    for slug in fields.body:
        value = fields.number_or_none(slug, least=0, most=1)
        if value is None:
            raise refuse(fields.name(slug), f"`{fields.name(slug)}` must be a number between 0 and 1.")
        values[slug] = value
    return values


def _refuse_contradictions(wishes: Wishes) -> None:
    for slug in wishes.require:
        if slug in wishes.ignore:
            raise refuse(
                "abc.require", f"`{slug}` is both required and ignored.", next_step="Name it in one list."
            )
        if wishes.only is not None and slug not in wishes.only:
            raise refuse(
                "abc.require",
                f"`{slug}` is required but not among `abc.only`.",
                next_step="Add it to `abc.only`, or leave `abc.only` out.",
            )
        if wishes.gamma_of(slug) == 0:
            raise refuse("abc.gamma", f"`{slug}` is required but its gamma is 0.")


def refuse_what_private_forbids(
    wishes: Wishes, *, temperature: float, top_p: float, logprobs: bool, seats: int, nudged: bool = False
) -> None:
    """Private answers are sampled from the accounted distribution, from sources named in advance."""
    because = "Private answers are drawn from the accounted distribution itself."
    if wishes.only is None:
        raise refuse(
            "abc.only",
            "A private answer must name its sources in `abc.only`.",
            next_step="List the sources; which ones vote must not depend on what they hold.",
        )
    if len(wishes.only) > seats:
        raise refuse(
            "abc.only", f"A private answer takes at most {seats} sources; {len(wishes.only)} are named."
        )
    if temperature == 0:
        raise refuse(
            "temperature", f"{because} `temperature` 0 is not allowed.", next_step="Use 0.05 or more."
        )
    if top_p < 1:
        raise refuse("top_p", f"{because} `top_p` below 1 is not allowed.", next_step="Leave `top_p` out.")
    if wishes.explain == "tokens":
        raise refuse(
            "abc.explain",
            f"{because} Nothing is measured, so no token is explained.",
            next_step="Leave `abc.explain` out.",
        )
    if nudged:
        raise refuse(
            "frequency_penalty",
            f"{because} Penalties and `logit_bias` are not allowed.",
            next_step="Leave `frequency_penalty`, `presence_penalty` and `logit_bias` out.",
        )
    if logprobs:
        raise refuse("logprobs", f"{because} `logprobs` would show it.", next_step="Leave `logprobs` out.")
    if wishes.seed is not None:
        raise refuse("seed", f"{because} A seed of the caller is not allowed.", next_step="Leave `seed` out.")
