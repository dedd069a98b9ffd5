"""What do callers gain from sharing passes? `python -m benchmarks.serving`

The real core, untrained adapters of a trained one's size, composition and measurement included: 16 callers
with 3 voters each, one after another in batches of their own, then at the same moment in the shared batch,
with the same three voters and with all voters different. Then the time to the first token of a source whose
passages were read before, and what rows and partitions take of memory. Both sides in one run.
"""

import argparse
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch

from benchmarks.timing import machine
from benchmarks.voters import CORE, adapter
from inference.net.ballots import OpenBallots
from inference.net.batch import Batch
from inference.net.core import Core
from inference.net.decoder import alone
from inference.net.generation import Seat, generate
from inference.net.lora import Adapter

CALLERS, VOTERS = 16, 3
PROMPT_TOKENS, QUESTION_TOKENS = 200, 40
GIBIBYTES = 8


class NoLimit:
    """Every seat may spend what it wants."""

    def left_nats(self, _label: str) -> float:
        return math.inf

    def spend(self, _label: str, _nats: float) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One question with its voters."""

    question: list[int]
    seats: tuple[Seat, ...]


def ids(count: int, seed: int) -> list[int]:
    return torch.randint(100, 40_000, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


def callers(adapters: Sequence[Adapter], *, shared: bool) -> list[Caller]:
    made = []
    for number in range(CALLERS):
        question = ids(QUESTION_TOKENS, 1_000 + number)
        own = range(VOTERS) if shared else range(VOTERS * number, VOTERS * (number + 1))
        made.append(Caller(question, tuple(seat(one, adapters[one], question) for one in own)))
    return made


def seat(number: int, worn: Adapter, question: list[int]) -> Seat:
    passages = ids(PROMPT_TOKENS - QUESTION_TOKENS, number)
    return Seat(
        f"source-{number}", worn, passages + question, 0.8, 1.0, math.inf, shared_tokens=len(passages)
    )


def answer(core: Core, caller: Caller, ballots: OpenBallots, tokens: int) -> float:
    """Seconds to the first token; tokens are drawn until so many have been."""
    started, first = time.perf_counter(), 0.0
    generation = generate(
        core=core, core_prompt_ids=caller.question, seats=caller.seats, allowance=NoLimit(),
        max_tokens=tokens, temperature=0.7, seed=1, ballots=ballots,
    )  # fmt: skip
    for step in generation:
        first = first or time.perf_counter() - started
        assert step.token_id >= 0
    return first


def one_after_another(core: Core, asked: Sequence[Caller], tokens: int) -> float:
    """Tokens a second."""
    started = time.perf_counter()
    for caller in asked:
        answer(core, caller, alone(core), tokens)
    return len(asked) * tokens / (time.perf_counter() - started)


def together(core: Core, asked: Sequence[Caller], tokens: int) -> float:
    batch = Batch(core)
    threads = [
        threading.Thread(target=answer, args=(core, caller, batch.open_ballots, tokens)) for caller in asked
    ]
    started = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    taken = time.perf_counter() - started
    batch.close()
    return len(asked) * tokens / taken


def first_tokens(core: Core, adapters: Sequence[Adapter]) -> tuple[float, float]:
    """Milliseconds to the first token, of new sources and of those whose passages were read before."""
    batch = Batch(core)
    cold: list[float] = []
    known: list[float] = []
    for number in range(VOTERS):
        for kind, question in ((cold, ids(QUESTION_TOKENS, 7)), (known, ids(QUESTION_TOKENS, 8))):
            caller = Caller(question, (seat(number, adapters[number], question),))
            kind.append(1e3 * answer(core, caller, batch.open_ballots, 1))
    batch.close()
    return median(cold), median(known)


def memory(core: Core, one: Adapter) -> None:
    configuration = core.model.config
    width = configuration.hidden_size // configuration.num_attention_heads
    size = next(core.model.parameters()).element_size()
    a_token = 2 * configuration.num_hidden_layers * configuration.num_key_value_heads * width * size
    a_row = a_token * (PROMPT_TOKENS + 256)
    partition = one.parameters * size
    weights = sum(parameter.numel() * size for parameter in core.model.parameters())
    most = int((GIBIBYTES * 2**30 - 2 * weights) // (partition + a_row))
    print(
        f"memory: {partition / 2**20:.1f} MiB a resident partition (its adapter), {a_token / 2**10:.1f} KiB "
        f"a token of a row, {a_row / 2**20:.1f} MiB a row of {PROMPT_TOKENS + 256} tokens; {most:,} voters "
        f"with a row each fit into {GIBIBYTES} GiB beside the core and its packed copy"
    )


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tokens", type=int, default=24, help="of each answer")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    core = Core.load(CORE)
    adapters = [adapter(core, seed=seed) for seed in range(CALLERS * VOTERS)]
    print(f"{machine()}; {CALLERS} callers, {VOTERS} voters each, {chosen.tokens} tokens an answer")
    for name, shared, goal in (("shared voters", True, 4), ("all different", False, 3)):
        asked = callers(adapters, shared=shared)
        before = one_after_another(core, asked[:4], chosen.tokens)  # none meets another
        after = together(core, asked, chosen.tokens)
        print(
            f"{name}: {before:.1f} tokens/s one after another, {after:.1f} together, {after / before:.2f}x "
            f"(goal {goal}x)", flush=True,
        )  # fmt: skip
    cold, known = first_tokens(core, adapters)
    print(
        f"first token: {cold:.0f} ms cold, {known:.0f} ms with known passages, {known / cold:.2f}x "
        "(goal 0.5x)"
    )
    memory(core, adapters[0])


if __name__ == "__main__":
    main()
