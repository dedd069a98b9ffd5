"""Django's registration of the app."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "inference"
