"""Versions, their documents and published policies are written once: the database itself refuses a change.

Installed after every migrate, like the rules of the books. Deleting stays possible: erasing a document's row
is a right of its own.
"""

from django.db import connections

from accounting.database_rules import dialects
from accounting.database_rules.rule import Refuse, Rule

REFUSED = "written once: make the next version instead"
TABLES = ("marketplace_sourceversion", "marketplace_document", "marketplace_policyversion")
RULES = tuple(Rule(table, "UPDATE", (Refuse("1 = 1", REFUSED),)) for table in TABLES)


def install(*, using: str, **_: object) -> None:
    """A receiver of post_migrate; it waits for the tables."""
    connection = connections[using]
    present = set(connection.introspection.table_names())
    if not present.issuperset(TABLES):
        return
    spell = dialects.sqlite_create if connection.vendor == "sqlite" else dialects.postgresql_create
    with connection.cursor() as cursor:
        for rule in RULES:
            for statement in spell(rule):
                cursor.execute(statement)
