"""One kind of clause over all sources: for a request, a small number for each source, 0 where it says yes.

Different sources share clauses, so a kind keeps each different clause once and for every source its number.
What the clauses answer is kept by the part of the request that they look at, for the last few of its
values. `PARTS` says for each kind which part that is; a kind that is not there is asked anew for every
query, which is slow and right.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from marketplace.policy.clause import Clause
from marketplace.policy.kinds.approvals import Approvals
from marketplace.policy.kinds.coalitions import Coalition
from marketplace.policy.kinds.consumers import Consumers
from marketplace.policy.kinds.countries import Countries
from marketplace.policy.kinds.modes import Modes
from marketplace.policy.kinds.not_together import NotTogether
from marketplace.policy.kinds.outputs import Outputs
from marketplace.policy.kinds.purposes import Purposes
from marketplace.policy.kinds.time_window import TimeWindow
from marketplace.policy.kinds.topics import Topics
from marketplace.policy.parties import DOMAIN, GROUP, names_above, names_of
from marketplace.policy.problems import Problem
from marketplace.policy.purposes import ANY
from marketplace.policy.reader import Reader
from marketplace.policy.request import Deny, Request

Codes = NDArray[np.int8]
Rows = slice | NDArray[np.intp]
Part = Callable[[Request], Hashable]
KEPT_ANSWERS = 64  # values of a request's part that a kind keeps its answers for
YES = 0


class Rules:
    """The names of rules as small numbers, in the order of their first use."""

    def __init__(self) -> None:
        self.names: list[str] = [""]

    def number(self, rule: str) -> int:
        if rule not in self.names:
            self.names.append(rule)
        return self.names.index(rule)


class Column(Protocol):
    """What an index asks of a kind."""

    def put(self, row: int, plain: Mapping[str, Any]) -> bool:
        """The source of this row has this policy from now on; False if its clause cannot be read."""

    def codes(self, request: Request, rows: Rows) -> Codes:
        """What the clauses of these rows answer."""


class Clauses:
    """A kind of which many sources have the same clause; answers follow from one part of a request."""

    def __init__(self, kind: type[Clause], rules: Rules, part: Part | None) -> None:
        self._kind = kind
        self._rules = rules
        self._part = part
        self._numbers = np.zeros(0, dtype=np.intp)  # of its clause, by row
        self._known: dict[Clause, int] = {}
        self._answers: OrderedDict[Hashable, tuple[Request, bytearray]] = OrderedDict()

    def __len__(self) -> int:
        """How many different clauses it keeps."""
        return len(self._known)

    def put(self, row: int, plain: Mapping[str, Any]) -> bool:
        clause, readable = self._read(plain)
        number = self._known.get(clause)
        if number is None:
            self._forget_unused(row + 1)
            number = self._known[clause] = len(self._known)
            self._add(clause, number)
        self._numbers = grown(self._numbers, row + 1)
        self._numbers[row] = number
        return readable

    def codes(self, request: Request, rows: Rows) -> Codes:
        answers = np.frombuffer(self._answered(request), dtype=np.int8)
        codes: Codes = np.take(answers, self._numbers[rows], mode="clip")  # the quickest way to look up
        return codes

    def _read(self, plain: Mapping[str, Any]) -> tuple[Clause, bool]:
        part = _part_of(plain, self._kind)
        if not part:
            return self._kind.absent(), True
        problems: list[Problem] = []
        return self._kind.read(Reader(part, "$", problems)), not problems

    def _answered(self, request: Request) -> bytearray:
        """What every different clause answers, by number."""
        if self._part is None:
            return self._asked(request)
        key = self._part(request)
        if key not in self._answers:
            self._answers[key] = (request, self._asked(request))
            if len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        self._answers.move_to_end(key)
        return self._answers[key][1]

    def _asked(self, request: Request) -> bytearray:
        return bytearray(self._code(clause, request) for clause in self._known)

    def _add(self, clause: Clause, _number: int) -> None:
        """A clause that was not there before: the answers that are kept get its own."""
        for request, answers in self._answers.values():
            answers.append(self._code(clause, request))

    def _code(self, clause: Clause, request: Request) -> int:
        answer = clause.verify(request)
        return self._rules.number(answer.rule) if isinstance(answer, Deny) else YES

    def _forget_unused(self, rows: int) -> None:
        """Clauses that policies no longer have go when they are the greater part: memory is bounded."""
        if len(self._known) <= 2 * rows + 1024:
            return
        used = np.unique(self._numbers)
        clauses = list(self._known)
        renumbered = np.zeros(len(clauses), dtype=np.intp)
        renumbered[used] = np.arange(len(used))
        self._numbers = renumbered[self._numbers]
        self._known = {}
        self._clear()
        for number in used:
            self._known[clauses[number]] = len(self._known)
            self._add(clauses[number], len(self._known) - 1)

    def _clear(self) -> None:
        self._answers.clear()


class ClausesByName(Clauses):
    """Consumers: nearly every clause may be another one, but a request has few names.

    A clause that mentions none of them answers as to a stranger; one that mentions one of them as to somebody
    who has just that name. Both are asked once, when the clause comes. Only clauses that mention several, or
    a domain above one of the request's, are asked for the request itself.
    """

    def __init__(self, kind: type[Clause], rules: Rules) -> None:
        super().__init__(kind, rules, lambda request: (names_of(request), names_above(request)))
        self._to_strangers = bytearray()
        self._mentions: dict[str, tuple[array[int], bytearray]] = {}

    def _asked(self, request: Request) -> bytearray:
        answers = np.array(self._to_strangers, dtype=np.uint8)
        mentions = np.zeros(len(answers), dtype=np.int32)
        for name in names_of(request):
            if name in self._mentions:
                numbers, codes = self._mentions[name]
                found = np.frombuffer(numbers, dtype=np.int32)
                answers[found] = np.frombuffer(codes, dtype=np.uint8)
                mentions[found] += 1
        for name in names_above(request):
            if name in self._mentions:
                mentions[np.frombuffer(self._mentions[name][0], dtype=np.int32)] = 2
        several = np.flatnonzero(mentions > 1)
        if len(several):
            clauses = list(self._known)
            for number in several:
                answers[number] = self._code(clauses[number], request)
        return bytearray(answers)

    def _add(self, clause: Clause, number: int) -> None:
        super()._add(clause, number)
        assert isinstance(clause, Consumers)
        self._to_strangers.append(self._code(clause, _STRANGER))
        for name in (clause.allow | clause.deny) - {ANY}:
            numbers, codes = self._mentions.setdefault(name, (array("i"), bytearray()))
            numbers.append(number)
            codes.append(self._code(clause, _somebody(name)))

    def _clear(self) -> None:
        super()._clear()
        self._to_strangers.clear()
        self._mentions.clear()


class Moments:
    """From when until when: nearly every source may have its own, so they are two arrays."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._from = np.zeros(0, dtype=np.int64)  # microseconds
        self._until = np.zeros(0, dtype=np.int64)

    def put(self, row: int, plain: Mapping[str, Any]) -> bool:
        problems: list[Problem] = []
        clause = TimeWindow.read(Reader(_part_of(plain, TimeWindow), "$", problems))
        self._from, self._until = grown(self._from, row + 1), grown(self._until, row + 1)
        self._from[row] = _EVER[0] if clause.valid_from is None else microseconds(clause.valid_from)
        self._until[row] = _EVER[1] if clause.valid_until is None else microseconds(clause.valid_until)
        return not problems

    def codes(self, request: Request, rows: Rows) -> Codes:
        now = microseconds(request.now)
        outside = (self._from[rows] > now) | (self._until[rows] <= now)
        return outside.astype(np.int8) * np.int8(self._rules.number(TimeWindow.kind))


def columns(kinds: tuple[type[Clause], ...], rules: Rules) -> list[Column]:
    """Of the kinds that can say no before a question is looked at, in their order."""
    judging = [kind for kind in kinds if kind.verify is not Clause.verify and kind not in LATER]
    return [_column(kind, rules) for kind in judging]


def _column(kind: type[Clause], rules: Rules) -> Column:
    if kind is Consumers:
        return ClausesByName(kind, rules)
    if kind is TimeWindow:
        return Moments(rules)
    return Clauses(kind, rules, PARTS.get(kind))


PARTS: dict[type[Clause], Part] = {
    Purposes: lambda request: request.purpose,
    Countries: lambda request: request.country,
    Approvals: lambda request: (request.agreement, request.purpose),
    Modes: lambda request: request.mode,
    Outputs: lambda request: request.output,
}
LATER: tuple[type[Clause], ...] = (Topics, Coalition, NotTogether)  # yes to all before there is a question


def grown(values: NDArray[Any], size: int) -> NDArray[Any]:
    """The same with room for so many, twice as many as before where it was too small."""
    if len(values) >= size:
        return values
    wider = np.zeros(max(size, 2 * len(values), 64), dtype=values.dtype)
    wider[: len(values)] = values
    return wider


def microseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVER = (-(2**63), 2**63 - 1)
_STRANGER = Request(consumer="", purpose="", now=_EPOCH, mode="open")


def _somebody(name: str) -> Request:
    """Somebody of whom nothing but this name is known."""
    if name.startswith(GROUP):
        return replace(_STRANGER, groups=frozenset({name.removeprefix(GROUP)}))
    if name.startswith(DOMAIN):
        return replace(_STRANGER, domains=frozenset({name.removeprefix(DOMAIN)}))
    return replace(_STRANGER, consumer=name)


def _part_of(plain: Mapping[str, Any], kind: type[Clause]) -> dict[str, Any]:
    return {term: plain[term] for term in kind.terms if term in plain}
