"""The embedded default loads models in its engine and its trainer thread at the same time."""

import subprocess
import sys
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


def test_a_fresh_process_may_load_core_and_encoder_in_two_threads(tmp_path: Path) -> None:
    directory = make_tiny_core(tmp_path / "core")
    subprocess.run([sys.executable, "-c", FRESH, str(directory)], check=True, timeout=120)


FRESH = """
import sys, threading
from inference.net.core import Core
from inference.net.encoder import load_encoder
failures, together = [], threading.Barrier(4)
def run(load):
    try:
        together.wait()
        load()
    except Exception as error:
        failures.append(error)
loads = [lambda: Core.load(sys.argv[1]), lambda: load_encoder("all-minilm-l6-v2")] * 2
threads = [threading.Thread(target=run, args=[load]) for load in loads]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
sys.exit(str(failures) if failures else 0)
"""
