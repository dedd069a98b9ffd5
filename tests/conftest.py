"""What every test shares: the cast, a core by name, and a clean sweep after transactional tests."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.backends.sqlite3.base import DatabaseWrapper

from accounting.database_rules.dialects import sqlite_drop
from accounting.database_rules.installation import drop_statements
from marketplace import database_rules
from marketplace.compiled.kept import KEPT
from tests import runners
from tests.builders import name_core
from tests.cast import Cast, make_cast


@pytest.fixture(autouse=True, scope="session")
def _books_can_be_swept_after_a_transactional_test() -> Iterator[None]:
    """On SQLite Django empties tables with DELETE, which the rules refuse; they return after it."""
    operations = DatabaseWrapper.ops_class
    ordinary = operations.sql_flush

    def flush(self: Any, *args: Any, **options: Any) -> list[str]:
        kept = [statement for rule in database_rules.RULES for statement in sqlite_drop(rule)]
        return [*drop_statements("sqlite"), *kept, *ordinary(self, *args, **options)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", flush)
        yield


@pytest.fixture(autouse=True)
def _floats_are_as_python_knows_them() -> None:
    """Loading a core has tiny numbers flushed to zero in its thread; hypothesis refuses to work like that."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _no_request_is_counted_for_another_test() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _no_policy_is_remembered_for_another_test() -> None:
    KEPT.forget()


@pytest.fixture
def cast(db) -> Cast:
    """owner, second_owner, buyer, outsider, operator, each with an organisation and an API key."""
    return make_cast()


@pytest.fixture
def named_core(settings, tmp_path) -> None:
    """A core by name and digest, without weights: enough for all that the marketplace does."""
    settings.CORE_DIRECTORY = tmp_path / "core"
    name_core()


@pytest.fixture
def work_is_noted(settings) -> list[tuple[str, str, dict[str, object]]]:
    """Long work is not run but noted: (task, queue, values)."""
    settings.WORK_RUNNERS = {"immediate": "tests.runners.note"}
    runners.NOTED.clear()
    return runners.NOTED


@pytest.fixture(scope="session")
def tiny_core_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core that really computes, small enough for tests; separate processes read it from here.

    It has no end token: an answer is exactly as long as asked for, and a worker can be killed in its middle.
    """
    from inference.net.core_files import write_manifest
    from inference.net.tiny import make_tiny_core  # torch: only for tests that need it

    directory = make_tiny_core(tmp_path_factory.mktemp("cores") / "tiny", seed=1)
    path = directory / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "eos_token_id": []}))
    write_manifest(directory, slug="tiny", origin="random, seed 1, never ends")
    return directory
