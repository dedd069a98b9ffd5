"""Puts the rules of the marketplace's tables into the database, after every migrate, as the books' are.

On SQLite they make way before it: a table that changes there is rebuilt, and no trigger may speak of it.
"""

from django.db import connections

from accounting.database_rules import dialects, installation
from accounting.database_rules.rule import Rule
from marketplace import agreement_rules, in_force, written_once

RULES: tuple[Rule, ...] = (*written_once.RULES, *in_force.RULES, *agreement_rules.RULES)


def install(*, using: str, **_: object) -> None:
    """A receiver of post_migrate; it waits for the tables."""
    from marketplace.models import SourceChange  # models are loaded after this module's first reader

    connection = connections[using]
    present = set(connection.introspection.table_names())
    if not present.issuperset({SourceChange._meta.db_table, *(rule.table for rule in RULES)}):
        return
    spell = dialects.sqlite_create if connection.vendor == "sqlite" else dialects.postgresql_create
    with connection.cursor() as cursor:
        for rule in RULES:
            for statement in spell(rule):
                cursor.execute(statement)


def make_way(*, using: str, **_: object) -> None:
    """A receiver of pre_migrate."""
    installation.make_way(connections[using], tables="marketplace")
