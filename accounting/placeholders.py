"""Places for values in a statement that is written out. Values never become part of its text."""

from collections.abc import Collection


def marks(values: Collection[object]) -> str:
    """For `IN (...)`: one place a value; NULL, which nothing equals, where there is none."""
    return ", ".join(["%s"] * len(values)) or "NULL"
