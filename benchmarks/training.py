"""How fast does an adapter learn? `python -m benchmarks.training`

Tokens per second of our LoRA loop against a plain `peft` loop (same rank, same layers, same windows,
float32) and against that loop under the same reduced precision as ours, all in turn within one run.
"""

import argparse
import pydoc_data.topics
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.timing import machine
from benchmarks.voters import CORE
from inference.net import constants
from inference.net.adapter_training import Watch, pack, train_adapter
from inference.net.core import Core, adaptable_linears
from inference.net.precision import native_bfloat16, quick_products
from inference.net.sampling import choose

SEED = 0


def texts_of(core: Core, tokens: int) -> tuple[str, ...]:
    """About so many tokens of the Python language reference."""
    sample = choose(
        core=core,
        documents=list(pydoc_data.topics.topics.values()),
        training_tokens=tokens,
        held_out_tokens=constants.HELD_OUT_TOKENS,
        window=constants.TRAINING_WINDOW,
        seed=SEED,
    )
    return sample.training


def peft_loop(core: Core, batches: list[Tensor], *, quick: bool) -> None:
    """What a reader of peft's documentation would write."""
    from peft import LoraConfig, get_peft_model

    tree = core.voting_tree()
    layers = list(adaptable_linears(tree))
    rank, scale = constants.ADAPTER_RANK, constants.ADAPTER_SCALE
    settings = LoraConfig(r=rank, lora_alpha=int(rank * scale), target_modules=layers, task_type="CAUSAL_LM")
    model = get_peft_model(tree, settings)
    model.train()
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=constants.LEARNING_RATE)
    for batch in batches:
        with quick_products(core.device) if quick else nullcontext():
            loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def our_loop(core: Core, texts: tuple[str, ...]) -> None:
    """The training step's own loop, packing included."""
    watch = Watch(lambda _stage, _done, _total: None, lambda: False)
    train_adapter(core=core, texts=texts, seed=SEED, watch=watch)


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--core", type=Path, default=CORE)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=2)
    chosen = parser.parse_args()
    core = Core.load(chosen.core)
    texts = texts_of(core, chosen.tokens)
    batches = pack(core, texts, torch.Generator().manual_seed(SEED))
    tokens = sum(batch.numel() for batch in batches)
    loops: dict[str, Callable[[], None]] = {
        "our loop": lambda: our_loop(core, texts),
        "peft, float32": lambda: peft_loop(core, batches, quick=False),
        "peft, same precision as ours": lambda: peft_loop(core, batches, quick=True),
    }
    best = dict.fromkeys(loops, 0.0)
    for _ in range(chosen.rounds):
        for name, loop in loops.items():
            start = time.perf_counter()
            loop()
            best[name] = max(best[name], tokens / (time.perf_counter() - start))
    print(machine())
    products = "bfloat16" if native_bfloat16() else "float32"
    print(f"{tokens} tokens, windows of {constants.TRAINING_WINDOW}; our products are in {products}")
    for name, rate in best.items():
        print(f"{name:>30}: {rate:>6.0f} tokens/s, ours is {best['our loop'] / rate:.2f}x of it")


if __name__ == "__main__":
    main()
