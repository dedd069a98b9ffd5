"""Django's registration of the app; after every migrate the database's own rules are put in place."""

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


def _install_rules(*, using: str, **_: object) -> None:
    from accounting.database_rules import installation
    from accounting.database_rules.rules import RULES

    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if all(rule.table in tables for rule in RULES):
        installation.install(connection)


def _make_way(*, using: str, **_: object) -> None:
    from accounting.database_rules import installation

    installation.make_way(connections[using])


class AccountingConfig(AppConfig):
    name = "accounting"

    def ready(self) -> None:
        pre_migrate.connect(_make_way, sender=self)
        post_migrate.connect(_install_rules, sender=self)
