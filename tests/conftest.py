"""What every test shares: the database's own rules give way while a transactional test is swept away."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper

from accounting.database_rules.installation import drop_statements


@pytest.fixture(autouse=True, scope="session")
def _books_can_be_swept_after_a_transactional_test() -> Iterator[None]:
    """On SQLite Django empties tables with DELETE, which the rules refuse; they return after it."""
    operations = DatabaseWrapper.ops_class
    ordinary = operations.sql_flush

    def flush(self: Any, *args: Any, **options: Any) -> list[str]:
        return [*drop_statements("sqlite"), *ordinary(self, *args, **options)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", flush)
        yield
