"""The plain form of a policy: `parse` reads it strictly into clauses, or says all that is wrong with it.

Absent limits are unlimited; absent purposes or consumers mean nobody. Step 2 (set policy) of the way.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from marketplace.policy.clauses import Consumers, Modes, Purposes, TimeWindow
from marketplace.policy.contradictions import contradictions
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid, Problem
from marketplace.policy.purposes import ANY, PURPOSES, known
from marketplace.policy.reader import MOST_NATS, Reader
from marketplace.policy.request import Limits, PrivacyTerms, Regime
from marketplace.policy.windows import CONSUMERS, KINDS, PERS, Kind, Per, Window
from marketplace.policy.windows import Consumers as ForWhom

TERMS = (
    "regime", "purposes", "consumers", "price_micro_usd_per_nat", "floor_price_micro_usd",
    "ceiling_price_micro_usd", "max_gamma", "quote", "valid_from", "valid_until", "influence_nats",
    "floor_nats", "privacy",
)  # fmt: skip
_SLUG = re.compile(r"[a-z0-9_-]{1,64}")
REGIMES = ("privacy", "measurement", "attribution")


def parse(plain: object) -> Policy:
    """The policy, or PolicyInvalid with every problem of it."""
    if not isinstance(plain, Mapping):
        raise PolicyInvalid((Problem("$", "A policy must be an object."),))
    problems: list[Problem] = []
    reader = Reader(plain, "$", problems)
    reader.only(TERMS)
    limits = _limits(reader)
    policy = Policy(
        consumers=Consumers(*_consumers(reader)),
        purposes=Purposes(*_purposes(reader)),
        window=TimeWindow(reader.moment("valid_from"), reader.moment("valid_until")),
        modes=Modes(limits.regime, limits.privacy),
        limits=limits,
    )
    if not problems:
        problems.extend(contradictions(policy))
    if problems:
        raise PolicyInvalid(tuple(problems))
    return policy


def digest(plain: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of the plain form."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _allow_deny(reader: Reader, key: str) -> tuple[frozenset[str], frozenset[str]]:
    child = reader.child(key, ("allow", "deny"))
    if child is None:
        return frozenset(), frozenset()
    allow, deny = child.terms("allow"), child.terms("deny")
    if ANY in deny:
        child.problem("deny", "Denying everything is written as an empty allow list.")
    return allow, deny


def _consumers(reader: Reader) -> tuple[frozenset[str], frozenset[str]]:
    allow, deny = _allow_deny(reader, "consumers")
    for key, terms in (("allow", allow), ("deny", deny)):
        for term in sorted(terms - {ANY}):
            if not _SLUG.fullmatch(term):
                reader.problem(f"consumers.{key}", f"'{term[:64]}' is not the slug of an organisation.")
    return allow, deny


def _purposes(reader: Reader) -> tuple[frozenset[str], frozenset[str]]:
    allow, deny = _allow_deny(reader, "purposes")
    for key, terms in (("allow", allow), ("deny", deny)):
        for term in sorted(terms - {ANY}):
            if not known(term):
                reader.problem(
                    f"purposes.{key}", f"The purpose '{term}' is not known. Known: {', '.join(PURPOSES)}."
                )
    return allow, deny


def _regime(reader: Reader) -> Regime:
    value = reader.values.get("regime", "measurement")
    if value not in REGIMES:
        reader.problem("regime", f"The regime must be one of {', '.join(REGIMES)}.")
        return "measurement"
    return cast("Regime", value)


def _limits(reader: Reader) -> Limits:
    influence = reader.child("influence_nats", ("per_answer", "per_consumer_day", "lifetime", "windows"))
    gamma = reader.number("max_gamma", low=0, high=1)
    return Limits(
        regime=_regime(reader),
        max_gamma=1.0 if gamma is None else gamma,
        price_micro_usd_per_nat=reader.micro_usd("price_micro_usd_per_nat") or 0,
        floor_price_micro_usd=reader.micro_usd("floor_price_micro_usd") or 0,
        ceiling_price_micro_usd=reader.micro_usd("ceiling_price_micro_usd"),
        quote=reader.flag("quote"),
        per_answer_nano_nats=influence.nano_nats("per_answer") if influence else None,
        per_consumer_day_nano_nats=influence.nano_nats("per_consumer_day") if influence else None,
        lifetime_nano_nats=influence.nano_nats("lifetime") if influence else None,
        floor_nats=reader.number("floor_nats", low=0, high=MOST_NATS, open_low=True),
        privacy=_privacy(reader),
        windows=_windows(influence) if influence else (),
    )


def _windows(influence: Reader) -> tuple[Window, ...]:
    read = (_window(one) for one in influence.children("windows", ("per", "kind", "consumers", "nats")))
    return tuple(window for window in read if window is not None)


def _window(reader: Reader) -> Window | None:
    """All four are needed: a window that does not say which kind it is would be a guess."""
    per, kind, consumers = (
        reader.choice(key, known) for key, known in (("per", PERS), ("kind", KINDS), ("consumers", CONSUMERS))
    )
    if reader.values.get("nats") is None:
        reader.problem("nats", "A window needs its limit; leave the whole window out for no limit.")
        return None
    nano_nats = reader.nano_nats("nats")
    if per is None or kind is None or consumers is None or nano_nats is None:
        return None
    return Window(cast("Per", per), cast("Kind", kind), cast("ForWhom", consumers), nano_nats)


def _privacy(reader: Reader) -> PrivacyTerms | None:
    child = reader.child("privacy", ("budget_nats", "eta", "delta"))
    if child is None:
        return None
    budget = child.nano_nats("budget_nats", open_low=True)
    eta = child.number("eta", low=0, high=100, open_low=True)
    delta = child.number("delta", low=0, high=0.5, open_low=True)
    for key in ("budget_nats", "eta", "delta"):
        if child.values.get(key) is None:
            child.problem(key, "A privacy clause needs this value.")
    if budget is None or eta is None or delta is None:
        return None
    return PrivacyTerms(budget, eta, delta)
