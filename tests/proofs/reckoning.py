"""After a load: ends what was lost, and compares the books with what the clients' journals say.

`python -m tests.proofs.reckoning SCENE JOURNAL...` prints what does not agree, as JSON. Every hold is told
again to the plain model from the journal alone; where a client died before it heard the answer, the books may
say either, and nothing else.
"""

import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import django

if __name__ == "__main__":
    django.setup()

from django.db import connection

from accounting import budgets, ledger, settlement
from accounting.check import check
from accounting.models import AccountKind, Hold, HoldLine, Receipt
from tests.proofs.journal import Story, Told, read
from tests.proofs.model import Held, Model, Seat
from tests.proofs.scene import NOW, Scene

AFTER_ALL = NOW + timedelta(hours=1)


@dataclass
class Reckoning:
    """`problems` and `breaches` are empty when every nat and micro-USD is accounted for."""

    problems: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    lost_settlements: list[str] = field(default_factory=list)
    lost_holds: list[str] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    left: dict[str, int | None] = field(default_factory=dict)
    deadlocks: int = 0


def reckon(scene: Scene, told: Told) -> Reckoning:
    found = Reckoning(counts=told.counts, problems=[f"a caller saw {error}" for error in told.errors])
    while settlement.expire_due(now=AFTER_ALL):
        continue
    found.breaches = [str(breach) for breach in check(now=AFTER_ALL).breaches]
    model = Model(
        wallets=dict(scene.wallets), limits=dict(scene.limits), earned=dict.fromkeys(scene.owners, 0)
    )
    on_record = {str(hold.pk): hold for hold in Hold.objects.all()}
    for hold_id in on_record.keys() - told.stories.keys():
        found.problems.append(f"hold {hold_id} was asked for by nobody")
    for hold_id, story in told.stories.items():
        hold = on_record.get(hold_id)
        if hold is None:
            _absent(hold_id, story, found)
        else:
            found.ended[hold.state] = found.ended.get(hold.state, 0) + 1
            _Telling(scene, model, found, hold, story).tell()
    _compare(scene, model, found)
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        found.deadlocks = cursor.fetchone()[0]
    return found


def _absent(hold_id: str, story: Story, found: Reckoning) -> None:
    if story.settled is not None:
        found.lost_settlements.append(hold_id)
    if story.placed is not None:
        found.lost_holds.append(hold_id)


@dataclass
class _Telling:
    """One hold, told again."""

    scene: Scene
    model: Model
    found: Reckoning
    hold: Hold
    story: Story

    def tell(self) -> None:
        lines = {line.label: line for line in self.hold.lines.all()}
        seats = {label: self._seat(line) for label, line in lines.items()}
        self._as_placed(seats)
        held = Held(
            self.hold.pk,
            self.story.asked["wallet"],
            tuple(self.scene.caps),
            Model.quote(seats.values(), self.story.asked["fee"]),
            self.story.asked["fee"],
            seats,
            self.hold.expires_at,
        )
        self._require(held.money == self.hold.held_micro_usd, "holds other money than its seats can cost")
        self.model.open.append(held)
        getattr(self, f"_{self.hold.state}")(held, lines)

    def _seat(self, line: HoldLine) -> Seat:
        asked = self.story.asked["seats"][line.label]
        certain = asked["held"] + self.story.topped.get(line.label, 0)
        perhaps = self.story.perhaps_topped.get(line.label, [])
        possible = {certain + sum(some) for n in range(len(perhaps) + 1) for some in combinations(perhaps, n)}
        self._require(line.held_nano_nats in possible, f"{line.label} holds other nats")
        return Seat(
            (line.label,), asked["cap"], line.held_nano_nats, asked["price"], asked["floor"], asked["blocks"]
        )

    def _as_placed(self, seats: dict[str, Seat]) -> None:
        placed = self.story.placed
        if placed is not None:
            self._require(set(placed["seated"]) == set(seats), "seats others than it said")
            self._require(placed["held"] == self.hold.held_micro_usd, "holds other money than it said")
        self._require(not self.story.refused, "was refused and is on record")

    def _settled(self, held: Held, _lines: dict[str, HoldLine]) -> None:
        settling = self.story.settling
        if settling is None:
            self._require(False, "was settled by nobody")
            return
        held.tokens_drawn = held.tokens_delivered = settling["tokens"]
        total = self.model.end(held, {label: tuple(used) for label, used in settling["used"].items()})
        self._receipt(total)
        if self.story.settled is not None:
            self._require(self.story.settled["total"] == total, "was settled for other money than it said")

    def _expired(self, held: Held, lines: dict[str, HoldLine]) -> None:
        if self.story.settled is not None:
            self.found.lost_settlements.append(str(self.hold.pk))
        self._require(not self.story.voided, "expired after it was given back")
        possible = [_mark(mark) for mark in self.story.marks[max(0, self.story.marked - 1) :]]
        if not self.story.marked:
            possible.append(_nothing(lines))
        drawn = {label: line.drawn_nano_nats for label, line in lines.items()}
        delivered = {label: line.delivered_nano_nats for label, line in lines.items()}
        stored = (self.hold.tokens_drawn, drawn, delivered)
        self._require(stored in possible, f"has the watermark {stored}, not one of {possible}")
        for label, seat in held.seats.items():
            seat.drawn, seat.delivered = drawn[label], delivered[label]
        held.tokens_drawn, held.tokens_delivered = self.hold.tokens_drawn, self.hold.tokens_delivered
        self._receipt(self.model.end(held, {label: seat.lost() for label, seat in held.seats.items()}))

    def _voided(self, held: Held, _lines: dict[str, HoldLine]) -> None:
        self._require(self.story.voiding, "was given back by nobody")
        self.model.close(held)

    def _open(self, _held: Held, _lines: dict[str, HoldLine]) -> None:
        self._require(False, "is still open")

    def _receipt(self, total: int) -> None:
        receipt = Receipt.objects.get(hold=self.hold)
        self._require(
            receipt.total_micro_usd == total, f"has a receipt for {receipt.total_micro_usd}, not {total}"
        )

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            self.found.problems.append(f"hold {self.hold.pk} {what}")


def _mark(mark: dict[str, Any]) -> tuple[int, dict[str, int], dict[str, int]]:
    return (mark["tokens"], mark["drawn"], mark["delivered"])


def _nothing(lines: dict[str, HoldLine]) -> tuple[int, dict[str, int], dict[str, int]]:
    return (0, dict.fromkeys(lines, 0), dict.fromkeys(lines, 0))


def _compare(scene: Scene, model: Model, found: Reckoning) -> None:
    """Every account, to the last nat and micro-USD; nothing is held any more."""
    facts: dict[str, tuple[object, object]] = {}
    for name, account_id in scene.ids["wallets"].items():
        balance = ledger.balance(account_id)
        facts[f"wallet {name}"] = ((balance.posted, balance.pending), (model.wallets[name], 0))
    for name, account_id in scene.ids["budgets"].items():
        state = budgets.state(account_id)
        facts[f"budget {name}"] = ((state.spent, state.held), (model.spent.get(name, 0), 0))
        found.left[name] = state.left
        if state.limit is not None and state.spent > state.limit:
            found.problems.append(f"budget {name} is overspent by {state.spent - state.limit}")
    for name, account_id in scene.ids["caps"].items():
        balance = ledger.balance(account_id)
        facts[f"cap {name}"] = ((balance.pending, balance.available), (0, model.room(name)))
    for name, account_id in scene.ids["earnings"].items():
        facts[f"earnings {name}"] = (ledger.balance(account_id).posted, model.earned[name])
    kinds = {row.kind: row.balance for row in ledger.totals_by_kind()}
    facts["fees"] = (kinds.get(AccountKind.PLATFORM_FEE, 0), model.fees)
    facts["influence"] = (
        kinds.get(AccountKind.INFLUENCE_SPENT, 0),
        sum(model.spent[n] for n in model.spent if n in scene.owners),
    )
    found.problems += [
        f"{name} is {is_}, must be {must}" for name, (is_, must) in facts.items() if is_ != must
    ]


if __name__ == "__main__":
    agreed = reckon(Scene.read(Path(sys.argv[1])), read(Path(path) for path in sys.argv[2:]))
    print(json.dumps(asdict(agreed)))
