"""The scene that most tests of pages look at, and the addresses of every page."""

import pytest

from tests.cast import Cast
from tests.pages.scene import Scene, set_scene


@pytest.fixture
def scene(cast: Cast, named_core: None) -> Scene:
    """A market in the middle of a month."""
    return set_scene(cast, answers=4)
