"""One organisation over HTTP, against real processes."""

import json
import socket

import requests

from tests.workers.stack import Stack


class Client:
    """A session with an organisation's API key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, **values) -> requests.Response:
        return self._session.request(method, f"{self._base_url}{path}", timeout=60, **values)

    def expect(self, status: int, method: str, path: str, **values):
        got = self.call(method, path, **values)
        assert got.status_code == status, f"{method} {path}: {got.status_code} {got.text[:800]}"
        return got.json()


def open_clients(stack: Stack) -> dict[str, Client]:
    """The organisations of `tests.workers.bootstrap`, each with a key."""
    keys = json.loads(stack.run_module("tests.workers.bootstrap"))
    return {slug: Client(stack.base_url, key) for slug, key in keys.items()}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
