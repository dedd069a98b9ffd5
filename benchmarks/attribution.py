"""What does exact measurement cost? `python -m benchmarks.attribution`

Each comparison within one run: the vote with and without leave-one-out of all voters (vocabulary alone); a
decode step with and without it, and with caps that bind; an answer measured from its own ballots against
naive leave-one-out, which generates it once more for every source. Goals stand beside the figures.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TypedDict

import torch
from torch import Tensor

from benchmarks.timing import in_turn, machine
from benchmarks.voters import CORE, rows
from inference.net import caps, constants, drawing, open_rule
from inference.net.ballots import Row
from inference.net.core import Core
from inference.net.decoder import Ballots


class Terms(TypedDict):
    """What every vote of a run has in common."""

    r0: float
    temperature: float
    clip: float


TERMS = Terms(r0=constants.CORE_WEIGHT, temperature=0.7, clip=constants.clip_for(CORE.name))
WAYS = 3
STEP_GOAL = 1.05
NAIVE_GOALS = {4: 4.0, 15: 12.0}
BINDING_PART = 0.5  # caps that bind: so much of what the median voter moved at the first token


@dataclass(frozen=True, slots=True)
class Voting:
    """The three ways to turn one step's logits into a token."""

    weights: Tensor  # (S,)
    binding_nats: float
    generator: torch.Generator

    @classmethod
    def on(cls, logits: Tensor) -> "Voting":
        """Relevance between 0.3 and 1, as a router seats; caps from a first token's logits (1 + S, V)."""
        rng = torch.Generator().manual_seed(len(logits))
        weights = 0.3 + 0.7 * torch.rand(len(logits) - 1, generator=rng, dtype=torch.float64)  # (S,)
        first = open_rule.vote(weights=weights, l0=logits[0], ballots=logits[1:], **TERMS)
        moved = open_rule.leave_one_out(first, alpha=constants.ALPHA).symmetric  # (S,)
        return cls(weights, BINDING_PART * float(moved.median()), rng)

    def plain(self, logits: Tensor) -> int:
        """Vote and draw, nothing measured."""
        cast = open_rule.vote(weights=self.weights, l0=logits[0], ballots=logits[1:], **TERMS)
        return drawing.draw(cast.log_p, generator=self.generator)

    def measured(self, logits: Tensor) -> int:
        """Vote, measure every voter, draw, help: what an answer does when no cap binds."""
        return self._capped(logits, math.inf)

    def capped(self, logits: Tensor) -> int:
        """The same with an allowance that some voter reaches."""
        return self._capped(logits, self.binding_nats)

    def _capped(self, logits: Tensor, nats: float) -> int:
        allowances = torch.full_like(self.weights, nats)
        got = caps.weights_within(
            l0=logits[0],
            ballots=logits[1:],
            wanted=self.weights,
            allowances=allowances,
            alpha=constants.ALPHA,
            **TERMS,
        )
        token = drawing.draw(got.vote.log_p, generator=self.generator)
        got.help_nats(token)
        return token

    def ways(self) -> dict[str, Callable[[Tensor], int]]:
        """All three by name."""
        return {"vote": self.plain, "measured": self.measured, "capped": self.capped}


def vocabulary(voters: Sequence[int], *, size: int, rounds: int) -> None:
    """The mathematics alone, on made-up ballots."""
    print(f"\nVocabulary alone, V = {size} (median ms of {rounds})")
    print(f"{'voters':>6} {'vote':>8} {'+ leave-one-out':>16} {'caps binding':>13}")
    for count in voters:
        rng = torch.Generator().manual_seed(0)
        core = torch.randn(size, generator=rng) * 3  # (V,)
        logits = torch.cat([core[None], core + torch.randn(count, size, generator=rng)])  # (1 + S, V)
        ways = {name: partial(way, logits) for name, way in Voting.on(logits).ways().items()}
        spent = in_turn(ways, rounds=rounds)
        print(f"{count:>6} {spent['vote']:>8.2f} {spent['measured']:>16.2f} {spent['capped']:>13.2f}")


def decode_step(core: Core, voters: Sequence[int], *, tokens: int, prompt_tokens: int) -> None:
    """A whole step: a forward pass over all rows, then one of the ways to vote on its logits, in turn."""
    print(f"\nDecode step, real core, {prompt_tokens} prompt tokens a voter (median ms of {tokens} steps)")
    print(
        f"{'voters':>6} {'pass':>8} {'vote':>8} {'measured':>9} {'capped':>8} {'ratio':>8} {'caps bind':>10}"
    )
    for count in voters:
        spent = _step_times(core, count, tokens=tokens, prompt_tokens=prompt_tokens)
        base = spent["pass"] + spent["vote"]
        ratio, bound = ((spent["pass"] + spent[name]) / base for name in ("measured", "capped"))
        parts = (
            f"{spent['pass']:>8.1f} {spent['vote']:>8.2f} {spent['measured']:>9.2f} {spent['capped']:>8.2f}"
        )
        print(f"{count:>6} {parts} {ratio:>7.3f}x {bound:>9.3f}x   goal {STEP_GOAL}x where no cap binds")


def _step_times(core: Core, count: int, *, tokens: int, prompt_tokens: int) -> dict[str, float]:
    made = rows(core, voters=count, prompt_tokens=prompt_tokens)
    batch = Ballots(core=core, rows=made, expected_tokens=tokens * WAYS)
    logits = batch.prefill()  # (1 + S, V)
    ways, token = Voting.on(logits).ways(), int(logits[0].argmax())
    taken: dict[str, list[float]] = {name: [] for name in ("pass", *ways)}
    for _ in range(tokens):
        for name, way in ways.items():
            start = time.perf_counter()
            logits = batch.step(token)
            read = time.perf_counter()
            token = way(logits)
            taken["pass"].append((read - start) * 1e3)
            taken[name].append((time.perf_counter() - read) * 1e3)
    return {name: median(times) for name, times in taken.items()}


def answer(core: Core, made: Sequence[Row], *, measured: bool, tokens: int) -> None:
    """A whole answer of so many tokens, reading its prompts included."""
    batch = Ballots(core=core, rows=made, expected_tokens=tokens)
    logits = batch.prefill()  # (1 + S, V)
    vote = Voting.on(logits)
    for _ in range(tokens):
        logits = batch.step(vote.measured(logits) if measured else vote.plain(logits))


def naive(core: Core, voters: Sequence[int], *, tokens: int, prompt_tokens: int, reruns: int) -> None:
    """One more generation per source. A few of them are timed; the rest cost the same."""
    print(f"\nWhole answer of {tokens} tokens in seconds (median of {reruns}), leave-one-out of every source")
    print(f"{'voters':>6} {'measured here':>14} {'without':>8} {'one rerun':>10} {'naive':>8} {'faster':>8}")
    for count in (count for count in voters if count > 1):
        made = rows(core, voters=count, prompt_tokens=prompt_tokens)
        ways = {
            "here": partial(answer, core, made, measured=True, tokens=tokens),
            "without": partial(answer, core, made, measured=False, tokens=tokens),
            "rerun": partial(answer, core, made[:-1], measured=False, tokens=tokens),
        }
        spent = {name: ms / 1e3 for name, ms in in_turn(ways, rounds=reruns, warm_up=1).items()}
        whole = spent["without"] + count * spent["rerun"]
        figures = f"{spent['here']:>14.2f} {spent['without']:>8.2f} {spent['rerun']:>10.2f} {whole:>8.1f}"
        goal = f"goal {NAIVE_GOALS[count]:g}x" if count in NAIVE_GOALS else ""
        print(f"{count:>6} {figures} {whole / spent['here']:>7.1f}x   {goal}")


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--voters", type=int, nargs="+", default=[1, 4, 15])
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--prompt-tokens", type=int, default=200)
    parser.add_argument("--reruns", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--without-core", action="store_true", help="the mathematics alone")
    chosen = parser.parse_args()
    torch.set_flush_denormal(True)
    print(machine())
    vocabulary(chosen.voters, size=49_152, rounds=chosen.rounds)
    if chosen.without_core:
        return
    core = Core.load(CORE)
    terms = {"tokens": chosen.tokens, "prompt_tokens": chosen.prompt_tokens}
    decode_step(core, chosen.voters, **terms)
    naive(core, chosen.voters, **terms, reruns=chosen.reruns)


if __name__ == "__main__":
    main()
