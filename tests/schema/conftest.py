"""The scene of the answers: every operation is tried on a market that really answers."""

from tests.inference.conftest import at_once, encoder, scene, tiny_core, trained

__all__ = ["at_once", "encoder", "scene", "tiny_core", "trained"]
