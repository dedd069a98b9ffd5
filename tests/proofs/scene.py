"""What a load runs on, as a file that other processes read: accounts, their beginnings, who asks for what.

`python -m tests.proofs.scene SCENE` opens the accounts in the database of the environment.
"""

import json
import sys
import uuid
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class Scene:
    """`hot` sources sit in every answer; `pause_seconds` lie before each step; shares are 0 to 1."""

    wallets: dict[str, int]
    limits: dict[str, int | None]
    owners: list[str]
    hot: list[str]
    caps: list[str] = field(default_factory=list)
    answers: int = 5
    seats: int = 3
    block: int = 10**9
    blocks: int = 2
    private_share: float = 0.25
    repeated_share: float = 0.1
    abandoned_share: float = 0.0
    pause_seconds: float = 0.0
    without_barrier: bool = False
    ids: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Scene":
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))


def open_accounts(scene: Scene) -> None:
    from tests.proofs.world import World

    budgets = [name for name in scene.limits if name not in scene.caps]
    world = World().open(wallets=scene.wallets, budgets=budgets, caps=scene.caps, owners=scene.owners)
    for name, limit in scene.limits.items():
        world.set_limit(name, limit, uuid.uuid4(), NOW)
    for name, amount in scene.wallets.items():
        world.pay_in(name, amount, uuid.uuid4(), NOW)
    scene.ids = asdict(world)


if __name__ == "__main__":
    import django

    django.setup()
    place = Path(sys.argv[1])
    opened = Scene.read(place)
    open_accounts(opened)
    opened.write(place)
