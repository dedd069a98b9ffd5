"""A tiny core, an encoder without weights and three tiny partitions, trained once a session."""

import threading
from pathlib import Path

import pytest
import torch
import uvicorn
from django.utils import timezone

from accounting import check
from inference import engine
from inference.bench import Bench
from inference.channels.memory import MemoryChannel
from inference.net.core import Core
from inference.net.encoder import load_encoder
from inference.net.tiny import make_tiny_core
from inference.net.training import train_partition
from inference.shelf import Shelf
from marketplace import cores
from marketplace.storage import store
from tests.inference import here
from tests.inference.here import PATIENCE_SECONDS, wait_until
from tests.inference.scene import WORDS, Scene, text_of


@pytest.fixture(scope="session")
def tiny_core(tmp_path_factory) -> Core:
    torch.set_num_threads(1)
    core = Core.load(make_tiny_core(tmp_path_factory.mktemp("cores") / "tiny"))
    torch.set_flush_denormal(False)  # hypothesis wants them in this thread
    core.model.generation_config.eos_token_id = []  # answers of the length that was asked for
    return core


@pytest.fixture(scope="session")
def encoder():
    return load_encoder("hashed-ngrams")


@pytest.fixture(scope="session")
def trained(tiny_core, encoder, tmp_path_factory):
    directory: Path = tmp_path_factory.mktemp("partitions")
    return {
        slug: train_partition(
            core=tiny_core,
            encoder=encoder,
            documents=[text_of(slug)],
            directory=directory / slug,
            adapter_tokens=600,
            seed=seed,
        )
        for seed, slug in enumerate(WORDS)
    }


@pytest.fixture
def at_once(settings, monkeypatch):
    """Work that is started on commit runs here and now, also inside a test's own transaction."""
    settings.WORK_MODE = "immediate"
    settings.WORK_RUNNERS = {"immediate": "tests.inference.here.run_here"}
    monkeypatch.setattr("marketplace.work.transaction.on_commit", lambda run, robust=False: run())


@pytest.fixture
def scene(cast, trained, tiny_core, encoder, settings, at_once, monkeypatch):
    """python-guide and opera-guide of owner, whale-book of second_owner, and a buyer with money.

    After every test the whole books are checked.
    """
    settings.CORE_DIRECTORY = tiny_core.directory
    assert cores.current().digest == tiny_core.digest
    channel = MemoryChannel()
    monkeypatch.setattr("inference.channel._channel", lambda _url: channel)
    shelf = Shelf(core=tiny_core, encoder=encoder, open_file=lambda digest: store().open(digest))
    bench = Bench(core=tiny_core, encoder=encoder, shelf=shelf, channel=channel, now=timezone.now)
    engine.use(bench)
    made = Scene(cast, bench, trained)
    made.offer("python-guide")
    made.offer("opera-guide")
    made.offer("whale-book", cast.second_owner)
    made.fill_wallet()
    yield made
    engine.use(None)
    checked = check.check(now=timezone.now())
    assert checked.sound, checked


@pytest.fixture
def base_url(scene, settings):
    """The scene, served."""
    from config.asgi import application

    settings.WORK_RUNNERS = {"immediate": "tests.inference.here.run_beside"}
    configuration = uvicorn.Config(application, host="127.0.0.1", port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join(timeout=PATIENCE_SECONDS)
    here.engine_thread.submit(lambda: None).result(timeout=PATIENCE_SECONDS)
