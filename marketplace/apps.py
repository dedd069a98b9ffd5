"""Django's registration of the app; after every migrate the database's own rules are put in place."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        from marketplace import database_rules

        pre_migrate.connect(database_rules.make_way, sender=self)
        post_migrate.connect(database_rules.install, sender=self)
