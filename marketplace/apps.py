"""Django's registration of the app; after every migrate, versions are sealed against change."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MarketplaceConfig(AppConfig):
    name = "marketplace"

    def ready(self) -> None:
        from marketplace import written_once

        post_migrate.connect(written_once.install, sender=self)
