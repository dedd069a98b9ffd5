"""What does a step with voters cost? `python -m benchmarks.decode`

A step of the whole batch (core, and every voter with its own adapter, prompt and cache) against a token
of the core alone through `transformers`' own `generate`, both in turn within one run. Also prints reading
of prompts.
"""

import argparse
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.timing import machine
from benchmarks.voters import CORE, QUESTION_TOKENS, ballots
from inference.net.core import Core

GOALS = {4: 2.2, 15: 3.3}


class Clock:
    """A streamer for `generate` that notes when each token comes."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, _value: Any) -> None:
        """A token has come."""
        self.times.append(time.perf_counter())

    def end(self) -> None:
        """Nothing to flush."""


def generate_times(core: Core, *, tokens: int) -> list[float]:
    """Milliseconds per token of the core alone, reading the prompt left out."""
    ids = torch.randint(
        100, core.vocabulary, (1, QUESTION_TOKENS), generator=torch.Generator().manual_seed(0)
    )
    clock = Clock()
    with torch.inference_mode():
        core.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=tokens + 1,
            min_new_tokens=tokens + 1,
            do_sample=False,
            streamer=clock,
        )
    return _gaps(clock.times[1:])  # the first note is the prompt's


def step_times(core: Core, *, voters: int, prompt_tokens: int, tokens: int) -> tuple[float, list[float]]:
    """Milliseconds of reading all prompts, and of each step after it."""
    batch = ballots(core, voters=voters, prompt_tokens=prompt_tokens, tokens=tokens)
    start = time.perf_counter()
    token = int(batch.prefill()[0].argmax())
    times = [time.perf_counter()]
    for _ in range(tokens):
        token = int(batch.step(token)[0].argmax())
        times.append(time.perf_counter())
    return (times[0] - start) * 1e3, _gaps(times)


def _gaps(times: Sequence[float]) -> list[float]:
    return [(after - before) * 1e3 for before, after in pairwise(times)]


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--core", type=Path, default=CORE)
    parser.add_argument("--voters", type=int, nargs="+", default=[0, 1, 4, 15])
    parser.add_argument("--prompt-tokens", type=int, default=400)
    parser.add_argument("--tokens", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    core = Core.load(chosen.core)
    print(machine())
    alone: list[float] = generate_times(core, tokens=chosen.tokens)[:0]  # a first run warms up
    taken: dict[int, list[float]] = {count: [] for count in chosen.voters}
    reading: dict[int, float] = {}
    for _ in range(chosen.rounds):
        alone += generate_times(core, tokens=chosen.tokens)
        for count in chosen.voters:
            reading[count], steps = step_times(
                core, voters=count, prompt_tokens=chosen.prompt_tokens, tokens=chosen.tokens
            )
            taken[count] += steps
    print(f"core alone through transformers' generate: {median(alone):.1f} ms a token (median)")
    print(f"{'voters':>6} {'step ms':>8} {'ratio':>7} {'goal':>6} {'reading all prompts ms':>23}")
    for count in chosen.voters:
        ratio = median(taken[count]) / median(alone)
        goal = f"{GOALS[count]:.1f}x" if count in GOALS else ""
        print(f"{count:>6} {median(taken[count]):>8.1f} {ratio:>6.2f}x {goal:>6} {reading[count]:>23.0f}")


if __name__ == "__main__":
    main()
