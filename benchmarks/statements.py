"""Lines a second and peak memory of a monthly statement, at 10,000 and at 100,000 lines.

    .venv/bin/python -m benchmarks.statements [--database postgres://...] [--sizes 10000 100000]

Makes a database of its own (SQLite in a temporary folder, or one beside the named one, dropped at the end),
fills a month, and reads its statements through the product's own views, each in a fresh process.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.own_database import own_database

MONTH = "2026-05"
READ = {
    "wallet, JSON": "/v1/account/statement?month=2026-05",
    "wallet, CSV": "/v1/account/statement?month=2026-05&format=csv",
    "earnings, JSON": "/v1/earnings/statement?month=2026-05",
    "earnings, CSV": "/v1/earnings/statement?month=2026-05&format=csv",
    "wallet, to print": "/account/statement/print?month=2026-05",
}


def measured(environment: dict[str, str], username: str, address: str) -> dict[str, Any]:
    """One statement, read in a process of its own: {bytes, seconds, before_kib, peak_kib}."""
    command = [sys.executable, "-m", "benchmarks.statements", "--read", address, "--as", username]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _read(address: str, username: str) -> None:
    """The child: an empty month first, so that modules and templates are loaded; then the one that counts."""
    import django

    django.setup()
    from django.test import Client

    from marketplace.models import User

    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(username=username))
    _drain(client, address.replace(MONTH, "2026-03"))
    before, start = _peak_kib(), time.perf_counter()
    size = _drain(client, address)
    seconds = time.perf_counter() - start
    print(json.dumps({"bytes": size, "seconds": seconds, "before_kib": before, "peak_kib": _peak_kib()}))


def _drain(client: Any, address: str) -> int:
    reply = client.get(address)
    assert reply.status_code == 200, reply.status_code
    return sum(len(piece) for piece in reply.streaming_content)


def _peak_kib() -> int:
    """The most that this process ever had resident; unlike ru_maxrss it knows nothing of the parent."""
    text = Path("/proc/self/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmHWM")).split()[1])


def run(database: str, sizes: list[int], what: list[str]) -> Iterator[dict[str, Any]]:
    """Each measurement as it is made, over a database of its own."""
    with own_database(database, "statements"):
        for size in sizes:
            username = _filled(size)
            for name in what:
                yield {"lines": size, "what": name, **measured(dict(os.environ), username, READ[name])}


def _show(got: dict[str, Any]) -> str:
    return (
        f"{got['lines']:>9,} lines, {got['what']:<17} {got['lines'] / got['seconds']:>10,.0f} lines/s   "
        f"{got['bytes'] / 1e6:>6.1f} MB sent   peak {got['peak_kib'] / 1024:>6.1f} MiB "
        f"(+{(got['peak_kib'] - got['before_kib']) / 1024:.1f} for the statement)"
    )


def _filled(size: int) -> str:
    from django.utils import timezone

    from accounting.periods import Month
    from benchmarks.statement_rows import fill
    from marketplace import organisations, registration
    from marketplace.models import User

    user = User.objects.create_user(f"reader-{size}")
    organisation = organisations.create_organisation(
        slug=f"reader-{size}", name="Reader", acting_user=user, now=timezone.now()
    )
    source = registration.register_source(
        organisation=organisation, slug=f"almanac-{size}", title="Almanac", description="", license="",
        acting_user=user, now=timezone.now(),
    )  # fmt: skip
    fill(
        wallet_id=organisation.wallet_account_id, earnings_account_id=source.earnings_account_id,
        month=Month.parse(MONTH), answers=size,
    )  # fmt: skip
    return user.username


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--database", default="", help="a PostgreSQL server; SQLite when left out")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--only", nargs="+", choices=list(READ), help="which of the statements")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--as", dest="username", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        _read(given.read, given.username)
        return
    for got in run(given.database, given.sizes, given.only or list(READ)):
        print(json.dumps(got) if given.json else _show(got), flush=True)


if __name__ == "__main__":
    main()
