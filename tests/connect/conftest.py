"""The scene of the answers, served, and the MCP server beside it in a process of its own."""

from tests.inference.conftest import at_once, base_url, encoder, scene, tiny_core, trained

__all__ = ["at_once", "base_url", "encoder", "scene", "tiny_core", "trained"]
