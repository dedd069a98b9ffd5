"""How were r0 and C chosen? `python -m benchmarks.calibrate [--quick]`

Bits per byte of held-out text of two subjects under the open vote of two partitions, for several core
weights r0 and clips C: the vote should tell each text nearly as well as its own adapter alone, whoever
else has a seat. Prints also how wide the ballots' ranges really are, so that C cuts noise and not
opinion.
"""

import argparse
import ast
import importlib.util
import math
import pydoc_data.topics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.timing import machine
from benchmarks.voters import CORE
from inference.net import constants
from inference.net.adapter_training import Watch, train_adapter
from inference.net.core import Core
from inference.net.lora import Adapter, Lanes, seat_adapters
from inference.net.sampling import Sample, choose

RELEVANT, BESIDE = 0.6, 0.1  # relevance of the text's own source, and of the other one
CORE_WEIGHTS = (0.05, 0.1, 0.25, 0.5, 1.0)
CLIPS = (5.0, 10.0, 20.0, 40.0)


@dataclass(frozen=True, slots=True)
class Subject:
    """One owner's text: what was learned from it, and what was held out."""

    name: str
    sample: Sample
    adapter: Adapter


def documents() -> dict[str, list[str]]:
    """The language reference, and the docstrings of Django's database layer, read without importing it."""
    django = importlib.util.find_spec("django")
    assert django is not None
    assert django.origin is not None
    files = sorted((Path(django.origin).parent / "db").rglob("*.py"))
    return {
        "python": list(pydoc_data.topics.topics.values()),
        "django": [text for file in files for text in docstrings(file)],
    }


def docstrings(file: Path) -> Iterator[str]:
    """What a Python file says about its modules, classes and functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield text


def learned(core: Core, name: str, texts: list[str], *, tokens: int, held_out: int) -> Subject:
    """An adapter for one text."""
    sample = choose(
        core=core,
        documents=texts,
        training_tokens=tokens,
        held_out_tokens=held_out,
        window=constants.TRAINING_WINDOW,
        seed=0,
    )
    watch = Watch(lambda _stage, _done, _total: None, lambda: False)
    return Subject(name, sample, train_adapter(core=core, texts=sample.training, seed=0, watch=watch))


@torch.inference_mode()
def rows(core: Core, adapters: Sequence[Adapter | None], text: str) -> tuple[Tensor, Tensor]:
    """Log-probabilities of core and adapters at every token (rows, tokens, V), and the tokens themselves."""
    ids = torch.tensor([[core.tokenizer.eos_token_id, *core.encode(text)]])  # (1, tokens + 1)
    made = []
    for adapter in adapters:
        tree = core.voting_tree()
        if adapter is not None:
            seat_adapters(tree, [adapter], Lanes(stop=1))
        made.append(torch.log_softmax(tree(ids).logits[0, :-1].float(), -1))
    return torch.stack(made), ids[0, 1:]


def voted(log_p: Tensor, tokens: Tensor, weights: Sequence[float], *, r0: float, clip: float) -> float:
    """Nats of the tokens under the open vote; log_p (1 + sources, tokens, V)."""
    core, delta = log_p[0], log_p[1:] - log_p[0]
    centre = (delta * core.exp()).sum(-1, keepdim=True)  # as the open rule centres its clip
    delta = torch.minimum(torch.maximum(delta, centre - clip / 2), centre + clip / 2)
    w = torch.tensor(list(weights))[:, None, None]
    vote = torch.log_softmax(core + (w * delta).sum(0) / (r0 + sum(weights)), -1)  # (tokens, V)
    return -float(vote.gather(1, tokens[:, None]).sum())


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--core", type=Path, default=CORE)
    parser.add_argument("--quick", action="store_true", help="2,000 tokens an adapter instead of 8,000")
    chosen = parser.parse_args()
    core = Core.load(chosen.core)
    tokens, held_out = (2_000, 512) if chosen.quick else (8_000, 1_024)
    subjects = [
        learned(core, name, texts, tokens=tokens, held_out=held_out) for name, texts in documents().items()
    ]
    print(machine())
    table: dict[str, dict[str, float]] = {}
    widths: list[float] = []
    for subject in subjects:
        table[subject.name] = bits_of(core, subject, subjects, widths)
    show(table, widths)


def bits_of(
    core: Core, subject: Subject, subjects: Sequence[Subject], widths: list[float]
) -> dict[str, float]:
    """Bits per byte of the subject's held-out text under each vote; adds the ballots' ranges to `widths`."""
    nats: dict[str, float] = {}
    size = 0
    weights = [RELEVANT if other is subject else BESIDE for other in subjects]
    own = subjects.index(subject) + 1
    for text in subject.sample.held_out:
        log_p, drawn = rows(core, [None, *(other.adapter for other in subjects)], text)
        size += len(text.encode())
        delta = log_p[1:] - log_p[0]
        widths += (delta.amax(-1) - delta.amin(-1)).flatten().tolist()
        picked = log_p.gather(2, drawn[None, :, None].expand(len(log_p), -1, 1)).sum((1, 2))  # (rows,)
        _add(nats, "core alone", -float(picked[0]))
        _add(nats, "own adapter", -float(picked[own]))
        for r0 in CORE_WEIGHTS:
            _add(nats, f"r0 {r0:g}, C 20", voted(log_p, drawn, weights, r0=r0, clip=20.0))
        for clip in CLIPS:
            _add(nats, f"C {clip:g}, r0 0.25", voted(log_p, drawn, weights, r0=0.25, clip=clip))
    return {name: value / math.log(2) / size for name, value in nats.items()}


def _add(nats: dict[str, float], name: str, value: float) -> None:
    nats[name] = nats.get(name, 0.0) + value


def show(table: dict[str, dict[str, float]], widths: list[float]) -> None:
    """The bits, and the quantiles of the ranges."""
    print(f"{'bits per byte of held-out text':>32} " + " ".join(f"{name:>8}" for name in table))
    for name in next(iter(table.values())):
        print(f"{name:>32} " + " ".join(f"{bits[name]:>8.4f}" for bits in table.values()))
    quantiles = torch.tensor(widths).quantile(torch.tensor([0.5, 0.9, 0.99, 1.0])).tolist()
    told = ", ".join(f"{value:.1f}" for value in quantiles)
    print(f"range of (ballot - core) in nats, at 50, 90, 99 and 100%: {told}")


if __name__ == "__main__":
    main()
