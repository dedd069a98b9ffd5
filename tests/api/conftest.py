"""After every test of the API, whatever it was refused, the whole books are checked."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from accounting import check
from tests.cast import Cast


@pytest.fixture
def cast(cast: Cast) -> Iterator[Cast]:
    yield cast
    checked = check.check(now=timezone.now())
    assert checked.sound, checked
