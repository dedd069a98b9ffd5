"""Django's registration of the app."""

from django.apps import AppConfig


class MarketplaceConfig(AppConfig):
    name = "marketplace"
