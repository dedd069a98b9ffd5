"""`manage.py demo` with the first pages of each owner's text: short enough for a test, otherwise the same.

Run as a process of its own: `python -m tests.workers.small_demo --port PORT`.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace

import django

DOCUMENTS, CHARACTERS = 4, 3000


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command

    from workers.demo import cast

    cast.OWNERS = tuple(replace(owner, documents=_first_pages(owner.documents)) for owner in cast.OWNERS)
    cast.QUESTIONS = tuple(replace(question, max_tokens=8) for question in cast.QUESTIONS)
    call_command("demo", *sys.argv[1:])


def _first_pages(
    documents: Callable[[], list[tuple[str, bytes]]],
) -> Callable[[], list[tuple[str, bytes]]]:
    def read() -> list[tuple[str, bytes]]:
        long_enough = [(name, text) for name, text in documents() if len(text) >= CHARACTERS]
        return [(name, text.decode()[:CHARACTERS].encode()) for name, text in long_enough[:DOCUMENTS]]

    return read


if __name__ == "__main__":
    main()
