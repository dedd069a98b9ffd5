"""Django's admin with our console as its site."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    default_site = "marketplace.console.site.Console"
