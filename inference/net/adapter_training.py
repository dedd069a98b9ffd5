"""How does a source's text become low-rank weights on the frozen core, and do they help?

Training, the long stage: one pass over the chosen stretches, packed into full windows, AdamW on the
adapter alone. Judged in bits per byte on stretches it never saw. Touches no shared weight: it works on a
tree of its own.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from inference.net import constants
from inference.net.core import Core, adaptable_linears
from inference.net.lora import Adapter, Lanes, seat_adapters
from inference.net.precision import quick_products

WARM_UP = 0.1  # part of the steps
GRADIENT_NORM_MOST = 1.0


class TrainingStopped(Exception):
    """The caller asked to stop; nothing was written."""


class LearningLinear(nn.Module):
    """A frozen linear layer with low-rank weights that learn."""

    def __init__(self, base: nn.Linear, *, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base
        start = torch.randn(base.in_features, rank, generator=generator) / math.sqrt(base.in_features)
        self.down = nn.Parameter(start.to(base.weight.device))  # (inputs, rank)
        self.up = nn.Parameter(torch.zeros(rank, base.out_features, device=base.weight.device))

    def forward(self, x: Tensor) -> Tensor:
        """x: (rows, tokens, inputs)."""
        y: Tensor = self.base(x)
        return y + (x @ self.down) @ (self.up * constants.ADAPTER_SCALE)


@dataclass(frozen=True, slots=True)
class Watch:
    """How the caller follows a training and ends it."""

    report: Callable[[str, int, int], None]
    should_stop: Callable[[], bool]

    def at(self, stage: str, done: int, total: int) -> None:
        """Report; raise if the caller wants to stop."""
        self.report(stage, done, total)
        if self.should_stop():
            raise TrainingStopped(stage)


def train_adapter(*, core: Core, texts: Sequence[str], seed: int, watch: Watch) -> Adapter:
    """Learn from the texts once, in seeded order."""
    generator = torch.Generator().manual_seed(seed)
    tree = core.voting_tree()
    layers = _wrap(tree, generator)
    weights = [weight for layer in layers.values() for weight in (layer.down, layer.up)]
    optimizer = torch.optim.AdamW(weights, lr=constants.LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.0)
    batches = pack(core, texts, generator)
    total = sum(batch.numel() for batch in batches)
    done = 0
    for step, batch in enumerate(batches):
        watch.at("adapter", done, total)
        for group in optimizer.param_groups:
            group["lr"] = constants.LEARNING_RATE * pace((step + 1) / len(batches))
        learn(tree, batch.to(core.device))
        nn.utils.clip_grad_norm_(weights, GRADIENT_NORM_MOST)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done += batch.numel()
    watch.at("adapter", total, total)
    return _adapter(core, layers)


def learn(tree: Any, batch: Tensor) -> None:
    """Gradients of one batch of windows, (windows, tokens)."""
    with quick_products(batch.device):
        hidden = tree.base_model(input_ids=batch, use_cache=False).last_hidden_state
        logits = tree.get_output_embeddings()(hidden[:, :-1])  # (windows, tokens - 1, V)
    loss = functional.cross_entropy(logits.flatten(0, 1).float(), batch[:, 1:].flatten())
    loss.backward()  # type: ignore[no-untyped-call]


def pace(progress: float) -> float:
    """Part of the learning rate: a short warm-up, then down along a cosine."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def pack(core: Core, texts: Sequence[str], generator: torch.Generator) -> list[Tensor]:
    """All texts behind each other in full windows, no padding; batches of (windows, tokens)."""
    order = torch.randperm(len(texts), generator=generator).tolist()
    ids = [token for place in order for token in (_separator(core), *core.encode(texts[place]))]
    window = constants.TRAINING_WINDOW
    edges = range(0, len(ids), window * constants.TRAINING_WINDOWS)
    batches = [torch.tensor(ids[edge : edge + window * constants.TRAINING_WINDOWS]) for edge in edges]
    return [piece for batch in batches for piece in _windows(batch, window)]


def _windows(batch: Tensor, window: int) -> list[Tensor]:
    """(windows, tokens) of what fills windows, and a shorter (1, tokens) for the rest of the last batch."""
    whole = len(batch) // window * window
    pieces = [batch[:whole].view(-1, window), batch[None, whole:]]
    return [piece for piece in pieces if piece.shape[0] and piece.shape[1] > 1]


@torch.inference_mode()
def bits_per_byte(*, core: Core, adapter: Adapter | None, texts: Sequence[str]) -> float:
    """What the texts cost to tell, with or without the adapter: float32, each text from its own beginning."""
    tree = core.voting_tree(packed=True)
    lanes = Lanes(stop=1)
    if adapter is not None:
        seat_adapters(tree, [adapter], lanes)
    nats, size = 0.0, 0
    for text in texts:
        ids = torch.tensor([[_separator(core), *core.encode(text)]], device=core.device)  # (1, tokens)
        hidden = tree.base_model(input_ids=ids, use_cache=False).last_hidden_state
        logits = tree.get_output_embeddings()(hidden[:, :-1])  # (1, tokens - 1, V)
        nats += float(functional.cross_entropy(logits[0].float(), ids[0, 1:], reduction="sum"))
        size += len(text.encode("utf-8", errors="surrogatepass"))
    return nats / math.log(2) / max(size, 1)


def _separator(core: Core) -> int:
    """The token that stands before a text."""
    candidates = (core.tokenizer.eos_token_id, core.tokenizer.bos_token_id, core.tokenizer.pad_token_id, 0)
    return int(next(token for token in candidates if token is not None))


def _wrap(tree: Any, generator: torch.Generator) -> dict[str, LearningLinear]:
    layers = {}
    for name, linear in adaptable_linears(tree).items():
        layers[name] = LearningLinear(linear, rank=constants.ADAPTER_RANK, generator=generator)
        parent, _, child = name.rpartition(".")
        setattr(tree.get_submodule(parent), child, layers[name])
    return layers


def _adapter(core: Core, layers: dict[str, LearningLinear]) -> Adapter:
    """Detached weights, the scale folded in."""
    down = {name: layer.down.detach().float().cpu().clone() for name, layer in layers.items()}
    up = {
        name: (layer.up.detach() * constants.ADAPTER_SCALE).float().cpu().clone()
        for name, layer in layers.items()
    }
    return Adapter(core.digest, down, up)
