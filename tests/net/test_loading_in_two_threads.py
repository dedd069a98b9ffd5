"""The embedded default loads models in its engine and its trainer thread at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from inference.net.core import Core
from inference.net.tiny import make_tiny_core


def test_threads_that_load_at_once_all_get_every_weight(tmp_path: Path) -> None:
    directory = make_tiny_core(tmp_path / "core")
    with ThreadPoolExecutor(max_workers=8) as threads:
        cores = list(threads.map(Core.load, [directory] * 24))
    alone = cores[0].model.state_dict()
    for core in cores:
        assert not any(parameter.is_meta for parameter in core.model.parameters())
        assert all(torch.equal(weights, alone[name]) for name, weights in core.model.state_dict().items())
    torch.set_flush_denormal(False)
