"""One running production stack for this folder: own database, own Redis, own var directory, tiny core."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.production.market import open_market
from tests.production.servers import own_database, own_redis
from tests.workers.client import Client, free_port, open_clients
from tests.workers.stack import Stack
from workers.processes import all_of_them


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.servers)


def environment_of(var: Path, *, core: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """What an operator sets, and times short enough to wait for."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "WORK_MODE": "celery",
        "VAR_DIR": str(var),
        "CORE_SLUG": "tiny",
        "CORE_DIRECTORY": str(core),
        "ENCODER": "hashed-ngrams",
        "HOLD_SECONDS": "15",
        "ANSWER_LEASE_SECONDS": "5",
        "ANSWER_SILENCE_SECONDS": "6",
        "HEARTBEAT_SECONDS": "1",
        "TRAIN_LEASE_SECONDS": "4",
        "UPKEEP_SECONDS": "1",
        "OMP_NUM_THREADS": "1",
        "ENGINE_THREADS": "1",
        "TRAINER_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, tiny_core_directory: Path) -> Iterator[Stack]:
    var, logs = tmp_path_factory.mktemp("var"), tmp_path_factory.mktemp("logs")
    with own_database() as database_url, own_redis() as redis_url:
        environment = environment_of(
            var, core=tiny_core_directory, database_url=database_url, redis_url=redis_url
        )
        port = free_port()
        processes = all_of_them(host="127.0.0.1", port=port)
        commands = {name: ("-m", *command) for name, command in processes.items()}
        base_url = f"http://127.0.0.1:{port}"
        running = Stack(commands=commands, environment=environment, base_url=base_url, logs=logs)
        running.manage("migrate", "--verbosity", "0")
        try:
            running.start_all()
            yield running
        finally:
            running.stop_all()


@pytest.fixture(scope="session")
def clients(stack: Stack) -> dict[str, Client]:
    return open_clients(stack)


@pytest.fixture(scope="session")
def trained(stack: Stack, clients: dict[str, Client]) -> dict[str, str]:
    """Slug -> partition digest of the sources on offer."""
    return open_market(stack, clients)
