"""Versions, documents and published policies: the database refuses a change, whoever asks."""

import pytest
from django.db import IntegrityError, transaction

from marketplace.models import Document, PolicyVersion, Source, SourceVersion
from tests.builders import live_source

pytestmark = [pytest.mark.books, pytest.mark.django_db, pytest.mark.usefixtures("named_core")]


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (SourceVersion, {"digest": "0" * 64}),
        (Document, {"name": "other.txt"}),
        (PolicyVersion, {"plain": {}}),
    ],
)
def test_what_was_published_cannot_be_changed(cast, model, change):
    live_source(cast.owner)
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        model.objects.update(**change)


@pytest.mark.parametrize("state", ["", "paused"])
def test_a_state_that_the_code_does_not_know_is_refused(cast, state):
    live_source(cast.owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.update(state=state)
