"""A kind of clause is one file and one line: everything about policies follows from the list of kinds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from marketplace.policy import clause, kinds, plain
from marketplace.policy.clause import Clause
from marketplace.policy.policy import Policy
from marketplace.policy.problems import PolicyInvalid, Problem
from marketplace.policy.reader import Reader
from marketplace.policy.request import YES, Allow, Deny, Request
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import EVERYBODY, ask, denied, limits, policy, rule


@dataclass(frozen=True, slots=True)
class Hours(Clause):
    """A toy: the source votes before an hour of the day, and then with half a vote."""

    before: float | None

    kind = "hours"
    terms = ("before_hour",)

    @classmethod
    def read(cls, reader: Reader) -> Self:
        return cls(reader.number("before_hour", low=0, high=24))

    def verify(self, request: Request) -> Allow | Deny:
        if self.before is None or request.now.hour < self.before:
            return YES
        return Deny(self.kind, "It is too late in the day.", {"hour": request.now.hour})

    def limits(self, so_far: Mapping[str, Any]) -> Mapping[str, Any]:
        return {} if self.before is None else {"max_gamma": so_far["max_gamma"] / 2}

    def sentences(self) -> Iterator[str]:
        if self.before is not None:
            yield f"It votes before {self.before:g} o'clock."

    def contradictions(self, policy: Policy) -> Iterator[Problem]:
        if self.before == 0:
            yield Problem("$.before_hour", "No hour is before 0.")


@pytest.fixture
def with_hours(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, Hours))


@pytest.mark.usefixtures("with_hours")
def test_a_kind_that_is_one_class_and_one_line_is_read_judged_said_explained_and_checked():
    taken = policy(before_hour=14)
    assert limits(taken.verify(ask())).max_gamma == 0.5
    assert "It votes before 14 o'clock." in sentences(taken)
    late = policy(before_hour=12)
    assert denied(late.verify(ask())).values == {"hour": 12}
    assert [(step.rule, step.outcome) for step in late.explain(ask())][-1] == ("hours", "deny")
    with pytest.raises(PolicyInvalid) as refused:
        policy(before_hour=0)
    assert [one.path for one in refused.value.problems] == ["$.before_hour"]
    with pytest.raises(PolicyInvalid) as refused:
        policy(before_hour="noon")
    assert [one.path for one in refused.value.problems] == ["$.before_hour"]


def test_without_its_line_its_terms_are_not_known():
    with pytest.raises(PolicyInvalid) as refused:
        policy(before_hour=14)
    assert [one.path for one in refused.value.problems] == ["$.before_hour"]


def test_every_file_of_a_kind_is_in_the_list_and_every_kind_has_a_file_of_its_own():
    files = {path.stem for path in Path(kinds.__file__).parent.glob("*.py")} - {"__init__"}
    assert {kind.__module__.rpartition(".")[2] for kind in kinds.KINDS} == files
    assert len(kinds.KINDS) == len(files)


def test_no_two_kinds_share_a_name_or_a_term():
    names = [kind.kind for kind in kinds.KINDS]
    assert len(names) == len(set(names))
    assert len(plain.terms()) == len(set(plain.terms()))
    assert all(issubclass(kind, clause.Clause) for kind in kinds.KINDS)


def test_an_explanation_goes_on_after_the_first_no_and_gives_the_values_that_decided():
    steps = policy(purposes={"allow": ["education"]}, valid_until="2026-01-01T00:00:00Z").explain(ask())
    denials = {step.rule: step.values for step in steps if step.outcome == "deny"}
    assert denials["purpose"] == {"purpose": "research", "allowed": ["education"], "denied": []}
    assert denials["time"]["valid_until"] == "2026-01-01T00:00:00+00:00"
    assert steps[0].outcome == "allow"
    assert steps[0].reason == "Every organisation may use it."


@pytest.mark.parametrize("changes", [{}, {"consumer": "x"}, {"purpose": "advertising"}, {"mode": "private"}])
@pytest.mark.parametrize(
    "terms",
    [{}, {"purposes": {"allow": ["research"]}}, {"consumers": {"allow": ["buyer"]}}, {"purposes": None}],
)
def test_an_explanation_and_the_verdict_never_disagree(terms, changes):
    asked, taken = ask(**changes), plain.parse({**EVERYBODY, **terms})
    first = next((step.rule for step in taken.explain(asked) if step.outcome == "deny"), None)
    assert first == rule(taken.verify(asked))
