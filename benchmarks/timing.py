"""How the benchmarks take time: alternatives in turn within one run, so that a slow moment meets all of them.

Used by the commands of this package; it prints nothing and decides nothing.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping
from statistics import median


def milliseconds(work: Callable[[], object]) -> float:
    """One call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def in_turn(work: Mapping[str, Callable[[], object]], *, rounds: int, warm_up: int = 3) -> dict[str, float]:
    """Medians in milliseconds over so many rounds of all alternatives, one after the other."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + warm_up):
        for name, call in work.items():
            spent = milliseconds(call)
            if turn >= warm_up:
                taken[name].append(spent)
    return {name: median(times) for name, times in taken.items()}


def machine() -> str:
    """What the figures were taken on."""
    import torch

    return (
        f"{platform.machine()}, {os.cpu_count()} CPU cores, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, load {os.getloadavg()[0]:.1f}"
    )
