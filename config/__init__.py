"""The wiring: settings, urls, the Celery app and the ASGI entry. No behaviour lives here."""
