"""A month of 100,000 lines is stated in the memory that one of 10,000 takes, seen from separate processes."""

import json
import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

pytestmark = pytest.mark.books

STATEMENTS = ("wallet, JSON", "earnings, CSV")
MOST_MORE_KIB = 3 * 1024  # a list of 90,000 lines more would be some 30 MiB


@pytest.mark.timeout(280)
def test_ten_times_the_lines_take_no_more_memory_on_this_database():
    command = [sys.executable, "-m", "benchmarks.statements", "--json", "--sizes", "10000", "100000"]
    if connection.vendor == "postgresql":
        command += ["--database", settings.DATABASE_URL]
        assert urlsplit(settings.DATABASE_URL).scheme.startswith("postgres")
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [*command, "--only", *STATEMENTS],
        check=True, capture_output=True, text=True, cwd=settings.BASE_DIR, env=environment,
    )  # fmt: skip
    measured = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(measured) == 2 * len(STATEMENTS)
    for what in STATEMENTS:
        few, many = (one for one in measured if one["what"] == what)
        assert many["bytes"] > 9 * few["bytes"], "all lines were sent"
        assert many["peak_kib"] - few["peak_kib"] < MOST_MORE_KIB, (what, few, many)
