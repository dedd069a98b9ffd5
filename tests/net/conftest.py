"""Shared by the tests of the model side: one tiny core and two adapters that visibly change it."""

from pathlib import Path

import pytest
import torch

from inference.net.core import Core
from inference.net.tiny import make_tiny_core
from tests.net.makers import make_adapter


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_core(tmp_path_factory) -> Core:
    core = Core.load(make_tiny_core(tmp_path_factory.mktemp("cores") / "tiny"))
    torch.set_flush_denormal(False)  # for this thread, where hypothesis makes floats of its own
    return core


@pytest.fixture(scope="session")
def adapters(tiny_core):
    return {
        label: make_adapter(tiny_core, seed)
        for seed, label in enumerate(("rome", "python", "opera"), start=1)
    }


REAL_CORE = Path("var/cores/smollm2-135m-instruct")


@pytest.fixture(scope="session")
def real_core() -> Core:
    core = Core.load(REAL_CORE)
    torch.set_flush_denormal(False)
    return core
