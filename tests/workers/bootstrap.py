"""Opens the organisations of the walk and prints their API keys; everything after that goes over HTTP.

Run as a process of its own (`python -m tests.workers.bootstrap`), like an operator's command.
"""

import json
import os

import django

ORGANISATIONS = ("press", "museum", "reader")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps({slug: _open(slug) for slug in ORGANISATIONS}))


def _open(slug: str) -> str:
    from django.utils import timezone

    from marketplace.access import issue_key
    from marketplace.models import User
    from marketplace.organisations import create_organisation

    now = timezone.now()
    user = User.objects.create_user(username=slug, password=f"{slug}-tests-production")
    organisation = create_organisation(slug=slug, name=slug.title(), acting_user=user, now=now)
    _key, plain = issue_key(
        organisation=organisation, name="walk", acting_user=user, now=now, default_purpose="research"
    )
    return plain


if __name__ == "__main__":
    main()
