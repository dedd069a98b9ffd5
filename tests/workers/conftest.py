"""A tiny core that really trains, an encoder that really embeds, and work that waits for its thread."""

from pathlib import Path

import pytest


@pytest.fixture
def trainable(settings, tiny_core_directory: Path, tmp_path: Path) -> None:
    """Trainings can run; nothing starts by itself, because no thread runs in this process."""
    settings.CORE_DIRECTORY = tiny_core_directory
    settings.ENCODER = "hashed-ngrams"
    settings.WORK_MODE = "embedded"
    settings.OBJECT_STORE_DIR = tmp_path / "objects"
