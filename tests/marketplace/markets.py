"""Random policies, sources and requests for Hypothesis, with few names so that they meet."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from marketplace.agreement_use import Approvals
from marketplace.models import SourceState, Visibility
from marketplace.policy.plain import parse
from marketplace.policy.problems import PolicyInvalid
from marketplace.policy.purposes import PURPOSES
from marketplace.policy.request import AgreementFacts, Request

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CORES = ("a" * 64, "b" * 64)
DOMAINS = ("example.org", "lab.example.org", "other.net")
GROUPS = ("members", "press")
COUNTRIES = ("DE", "KE", "US")
ORGANISATIONS = {1: "owner", 2: "buyer", 3: "rival"}
PARTIES = (*ORGANISATIONS.values(), *(f"group:{one}" for one in GROUPS),
           *(f"domain:{one}" for one in DOMAINS))  # fmt: skip
PRIVACY = {"budget_nats": 1.5, "eta": 0.1, "delta": 1e-6}
MOMENTS = [NOON + timedelta(hours=hours) for hours in (-1, 0, 1)]


def some(values: Any, most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(sorted(values)), max_size=most, unique=True)


def terms(values: Any) -> st.SearchStrategy[dict[str, list[str]]]:
    """Allowing some or everything, denying some of the others."""
    allowed = st.one_of(st.just(["*"]), some(values))
    return st.tuples(allowed, some(values, 2)).map(
        lambda one: {"allow": one[0], "deny": [term for term in one[1] if term not in one[0]]}
    )


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    """Plain forms that can be published."""
    plain: dict[str, Any] = {"consumers": draw(terms(PARTIES)), "purposes": draw(terms(PURPOSES))}
    regime = draw(st.sampled_from(["measurement", "privacy", "attribution"]))
    optional: dict[str, st.SearchStrategy[Any]] = {
        "countries": some(COUNTRIES, 2).map(lambda codes: {"deny": codes}),
        "valid_from": st.sampled_from(MOMENTS).map(datetime.isoformat),
        "valid_until": st.sampled_from(MOMENTS).map(datetime.isoformat),
        "approval": st.sampled_from(["none", "required"]),
        "outputs": st.sampled_from([["answer"], ["classification"], ["answer", "classification"]]).map(
            lambda names: {"allow": names}
        ),
        "minimum_coalition": st.integers(0, 3),
        "price_micro_usd_per_nat": st.integers(0, 50),
    }
    for name, values in optional.items():
        if draw(st.integers(0, 3)) == 0:
            plain[name] = draw(values)
    plain["regime"] = regime
    if regime == "privacy" or draw(st.booleans()):
        plain["privacy"] = PRIVACY
    if regime == "attribution":
        plain["floor_nats"] = 1
    assume(_can_be_published(plain))
    return plain


def _can_be_published(plain: dict[str, Any]) -> bool:
    try:
        parse(plain)
    except PolicyInvalid:
        return False
    return True


@dataclass(frozen=True)
class Offer:
    """A source as tables hold it."""

    owner: int
    state: str
    visibility: str
    plain: dict[str, Any] | None
    first_version: int
    version: int | None  # of its active partition
    core: str
    votes: bool


offers = st.builds(
    Offer,
    owner=st.sampled_from(sorted(ORGANISATIONS)),
    state=st.one_of(st.just("live"), st.sampled_from(SourceState.values)),
    visibility=st.one_of(st.just("public"), st.sampled_from(Visibility.values)),
    plain=st.one_of(policies(), policies(), policies(), st.none()),
    first_version=st.integers(0, 2),
    version=st.one_of(st.just(2), st.none(), st.integers(1, 2)),
    core=st.sampled_from([CORES[0], *CORES]),
    votes=st.sampled_from([True, True, True, False]),
)
requests = st.builds(
    Request,
    consumer=st.sampled_from(sorted(ORGANISATIONS.values())),
    purpose=st.sampled_from(sorted(PURPOSES)),
    now=st.sampled_from([*MOMENTS, *(one + timedelta(microseconds=1) for one in MOMENTS)]),
    mode=st.sampled_from(["open", "open", "private"]),
    groups=some(GROUPS).map(frozenset),
    domains=some(DOMAINS).map(frozenset),
    country=st.sampled_from([None, *COUNTRIES]),
    output=st.sampled_from(["answer", "quotation", "classification"]),
)
facts = st.builds(AgreementFacts, approved_for=some(PURPOSES, 2).map(frozenset))


def approvals(ids: st.SearchStrategy[int]) -> st.SearchStrategy[Approvals]:
    """Some under the policy in force, some under an older one: those are known, and open nothing."""
    return st.builds(
        lambda under_it, older: Approvals(known=frozenset({*under_it, *older}), facts=under_it),
        st.dictionaries(ids, facts, max_size=4),
        st.sets(ids, max_size=2),
    )
