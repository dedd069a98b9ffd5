"""Who of all sources may vote for a request, as far as that does not need their budgets: step 4 (admit).

The same rules in the same order as `marketplace.judging` has for one source, over arrays: what is listed,
what is suspended, the clauses of the policies, the partitions. A test compares the two on random markets.
It knows sources by number only, and reads nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketplace import visibility
from marketplace.agreement_use import Approvals
from marketplace.compiled.columns import YES, Codes, Rules, columns, grown
from marketplace.compiled.rows import Row
from marketplace.models import SourceState, Visibility
from marketplace.policy import kinds
from marketplace.policy import plain as plain_form
from marketplace.policy.request import AgreementFacts, Request

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]
STANDINGS = [(listed, state) for listed in Visibility.values for state in SourceState.values]
STRANGER, OWN, APPROVED = 0, 1, 2  # how the consumer stands to a source; the last two may both be so
HIDDEN = "hidden"  # the first of the rules, of which nobody is told
ARRAYS: Mapping[str, type] = {
    "source": np.int64,
    "owner": np.int64,
    "standing": np.int8,  # of STANDINGS
    "shown": np.bool_,  # to strangers: what the tables below say of its standing
    "open": np.bool_,
    "suspended": np.bool_,
    "has_policy": np.bool_,
    "partition": np.int64,  # the active one; 0: none
    "ready": np.bool_,  # whether it may vote under the policy
    "core": np.int32,
    "votes": np.bool_,
    "parameters": np.int64,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to all sources but those that it names, which are judged one by one."""

    request: Request
    consumer_id: int
    core_digest: str | None
    approvals: Approvals  # of this consumer
    named: frozenset[int]  # sources
    only_named: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may vote, with which partition; `denied` counts the rest by rule. Nobody hidden is in it.

    `parameters` are those of all partitions on the core that the consumer may know of.
    """

    source_ids: Ids
    partition_ids: Ids
    denied: Mapping[str, int]
    parameters: int


class PolicyIndex:
    """Arrays by row; a row is a source, in the order in which they came."""

    def __init__(self) -> None:
        self._rules = Rules()
        self._columns = columns(kinds.KINDS, self._rules)
        self._terms = frozenset(plain_form.terms())
        self._row_of: dict[int, int] = {}
        self._cores: dict[str, int] = {"": 0}
        self._of: dict[str, NDArray[Any]] = {name: np.zeros(0, dtype=kind) for name, kind in ARRAYS.items()}

    def __len__(self) -> int:
        return len(self._row_of)

    def put(self, row: Row) -> None:
        """The source as it is now, whether it is new or was there before."""
        at = self._row_of.setdefault(row.source_id, len(self._row_of))
        standing = STANDINGS.index((row.visibility, row.state))
        values = {
            "source": row.source_id,
            "owner": row.owner_id,
            "standing": standing,
            "shown": VISIBLE[standing, STRANGER],
            "open": OPEN[standing, STRANGER],
            "suspended": row.state == SourceState.SUSPENDED,
            "has_policy": self._put_policy(at, row.plain),
            "partition": row.partition_id or 0,
            "ready": row.is_ready,
            "core": self._cores.setdefault(row.core_digest or "", len(self._cores)),
            "votes": bool(row.votes),
            "parameters": row.parameters or 0,
        }
        for name, value in values.items():
            self._of[name] = grown(self._of[name], at + 1)
            self._of[name][at] = value

    def allowed(self, asked: Asked) -> Allowed:
        """A few vector operations, however the policies differ; the first rule that says no decides."""
        hidden = ~self._seen(VISIBLE, "shown", asked, asked.approvals.known)
        elsewhere = self._on_another_core(asked)
        parameters = int((self._array("parameters") * ~(hidden | elsewhere)).sum())
        hidden[self._rows(asked.named)] = True
        codes = self._code(HIDDEN, hidden)
        for answers in self._denials(asked, elsewhere):
            codes |= answers * (codes == YES)
        rows = np.flatnonzero(codes == YES)
        return Allowed(
            source_ids=self._array("source")[rows],
            partition_ids=self._array("partition")[rows],
            denied=self._counts(codes),
            parameters=parameters,
        )

    def likely(self) -> Ids:
        """The sources that somebody may get an answer from, the newest first."""
        may = self._array("has_policy") & self._array("ready") & self._array("votes")
        ids: Ids = self._array("source")[np.flatnonzero(may)[::-1]]
        return ids

    def _put_policy(self, at: int, plain: Mapping[str, Any] | None) -> bool:
        """Fail closed: a policy of which this version cannot read all is none."""
        readable = [column.put(at, plain or {}) for column in self._columns]
        return plain is not None and all(readable) and self._terms.issuperset(plain)

    def _array(self, name: str) -> NDArray[Any]:
        return self._of[name][: len(self)]

    def _rows(self, source_ids: Iterable[int]) -> NDArray[np.intp]:
        rows = [self._row_of[one] for one in source_ids if one in self._row_of]
        return np.array(rows, dtype=np.intp)

    def _seen(self, table: Mask, to_strangers: str, asked: Asked, approved: Iterable[int]) -> Mask:
        """One of the tables below for this consumer, who is a stranger to nearly every source."""
        seen = self._array(to_strangers).copy()
        how = np.zeros(len(self), dtype=np.int8)
        how[self._array("owner") == asked.consumer_id] = OWN
        how[self._rows(approved)] |= APPROVED
        rows = np.flatnonzero(how)
        seen[rows] = table[self._array("standing")[rows], how[rows]]
        return seen

    def _denials(self, asked: Asked, elsewhere: Mask) -> Iterator[Codes]:
        """Rule by rule, in their order."""
        if asked.only_named:
            yield self._code("only", np.ones(len(self), dtype=np.bool_))
            return
        yield self._code("agreement", ~self._seen(OPEN, "open", asked, asked.approvals.facts))
        yield self._code("suspended", self._array("suspended"))
        yield self._code("no_policy", ~self._array("has_policy"))
        for column in self._columns:
            codes = column.codes(asked.request, slice(len(self)))
            for facts, rows in self._agreed(asked.approvals.facts):
                codes[rows] = column.codes(replace(asked.request, agreement=facts), rows)
            yield codes
        yield self._code("no_partition", ~self._array("ready"))
        yield self._code("partition_unavailable", elsewhere)
        yield self._code("partition_quality", ~self._array("votes"))

    def _agreed(
        self, agreements: Mapping[int, AgreementFacts]
    ) -> Iterator[tuple[AgreementFacts, NDArray[np.intp]]]:
        """The sources of each different kind of agreement: a consumer has few."""
        sources: dict[AgreementFacts, list[int]] = {}
        for source_id, facts in agreements.items():
            sources.setdefault(facts, []).append(source_id)
        for facts, source_ids in sources.items():
            yield facts, self._rows(source_ids)

    def _on_another_core(self, asked: Asked) -> Mask:
        cores = self._array("core")
        if asked.core_digest is None:
            return np.zeros(len(cores), dtype=np.bool_)
        mask: Mask = cores != self._cores.get(asked.core_digest, -1)
        return mask

    def _code(self, rule: str, denied: Mask) -> Codes:
        codes: Codes = denied.view(np.int8) * np.int8(self._rules.number(rule))
        return codes

    def _counts(self, codes: Codes) -> dict[str, int]:
        counts = np.bincount(codes, minlength=len(self._rules.names)).tolist()
        by_rule = dict(zip(self._rules.names, counts, strict=True))
        return {rule: count for rule, count in by_rule.items() if rule not in {"", HIDDEN} and count}


def _table(judge: Callable[..., bool]) -> Mask:
    """One of the rules of visibility, asked for every standing and every way to stand to a source."""
    ways = [{"is_own": bool(how & OWN), "has_agreement": bool(how & APPROVED)} for how in range(4)]
    return np.array(
        [[judge(visibility=listed, state=state, **way) for way in ways] for listed, state in STANDINGS]
    )


GONE = np.array([state == SourceState.WITHDRAWN for _, state in STANDINGS])
VISIBLE = _table(visibility.is_visible) & ~GONE[:, None]
OPEN = _table(visibility.is_open)
