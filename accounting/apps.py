"""Django's registration of the app."""

from django.apps import AppConfig


class AccountingConfig(AppConfig):
    name = "accounting"
