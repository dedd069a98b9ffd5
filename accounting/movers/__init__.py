"""Writes the two things that every answer writes: its hold, and its end with a receipt.

`rows` writes them as rows, whose triggers move the totals: every database, and the reference for what is
right. `server` does the same on PostgreSQL in one call each, for speed. Both take and give the values of
`moves`; what they mean, and every word about a refusal, is decided by `holds` and `settlement`.
"""

from types import ModuleType

from django.db import connection

from accounting.movers import rows, server


def mover() -> ModuleType:
    """The one for the database in use."""
    return server if connection.vendor == "postgresql" else rows
