"""A process killed with kill -9 between hold and settlement, or inside it: the hold ends by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

pytestmark = [pytest.mark.books, pytest.mark.django_db(transaction=True)]

WAY = """
import os, signal, uuid
from datetime import timedelta
from accounting import holds, settlement
from tests.accounting.conftest import NAT, NOW, open_market
market = open_market()
placed = market.place(market.terms("a", floor_micro_usd=50))
holds.record_progress(hold_id=placed.hold_id, tokens_drawn=16, tokens_delivered=16,
    drawn_nano_nats={"a": 2 * NAT}, delivered_nano_nats={"a": NAT}, now=NOW)
def die(_settled=None):
    os.kill(os.getpid(), signal.SIGKILL)
"""
BETWEEN = WAY + "die()"
SETTLE = """
settlement.settle(hold_id=placed.hold_id, usage=[settlement.Usage("a", 3 * NAT, 3 * NAT)],
    tokens_drawn=20, tokens_delivered=20, now=NOW, receipt={receipt}, also={also})
"""
INSIDE = WAY + SETTLE.format(receipt="die", also="None")
INSIDE_AT_THE_END = WAY + SETTLE.format(receipt="lambda settled: {}", also="die")
AFTERWARDS = """
from datetime import timedelta
from accounting import holds, ledger
from accounting.models import Account, Receipt
from tests.accounting.conftest import NOW
assert holds.expire_due(now=NOW + timedelta(hours=1)) == 1
assert Receipt.objects.get().total_micro_usd == 51
assert ledger.balance(Account.objects.get(kind="wallet").pk).posted == 1_000_000 - 51
assert Account.objects.get(label="a budget").debits_posted == 2_000_000_000
"""


@pytest.fixture
def manage(tmp_path, transactional_db):
    """`manage.py` as a process of its own, on the test database or, on SQLite, on a file of its own."""
    environment = {**os.environ, "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    if connection.vendor == "postgresql":
        url, _, _ = settings.DATABASE_URL.rpartition("/")
        environment["DATABASE_URL"] = f"{url}/{connection.settings_dict['NAME']}"

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert run("migrate", "--verbosity", "0").returncode == 0
    return run


@pytest.mark.parametrize(
    "program", [BETWEEN, INSIDE, INSIDE_AT_THE_END], ids=["between", "inside", "at the end"]
)
def test_a_process_killed_on_the_way_leaves_sound_books(manage, program):
    killed = manage("shell", "-c", program)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert manage("ledger", "check").returncode == 0
    afterwards = manage("shell", "-c", AFTERWARDS)
    assert afterwards.returncode == 0, afterwards.stderr
    checked = manage("ledger", "check")
    assert (checked.returncode, checked.stdout.split(":")[0]) == (0, "the books are sound")
