"""What is the core, and how does text become its token ids?

Loading (every process, once) and composing: the frozen causal language model that every source shares,
with its tokenizer, name and digest. Any Hugging Face causal LM works, by directory or hub name. Nothing
here trains it or changes it: whoever adds adapters takes a tree of its own over the same weights
(`voting_tree`).
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from inference.net.core_files import read_manifest
from inference.net.loading import LOADING
from inference.net.packed import can_pack, pack_tree

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Core:
    """A frozen causal language model with its tokenizer, on one device."""

    slug: str
    digest: str
    directory: Path
    model: Any  # transformers' PreTrainedModel: untyped at this edge
    tokenizer: Any
    device: torch.device
    dtype: torch.dtype
    _packed: dict[int, torch.Tensor] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def load(cls, where: Path | str, *, device: str | None = None) -> "Core":
        """Read weights straight from safetensors (no random start): bfloat16 on CUDA, float32 on a CPU."""
        torch.set_flush_denormal(True)  # a single denormal can slow a vote down a thousandfold
        directory = _directory_of(where)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        dtype = torch.bfloat16 if place.type == "cuda" else torch.float32
        manifest = read_manifest(directory)
        if not manifest.whole(directory):
            raise FileNotFoundError(
                f"The core in {directory} is incomplete: remove the directory and convert again."
            )
        with LOADING:
            from transformers import AutoModelForCausalLM, AutoTokenizer
            from transformers.utils import logging

            logging.disable_progress_bar()
            model = AutoModelForCausalLM.from_pretrained(directory, dtype=dtype, local_files_only=True)
            model = model.to(place).eval().requires_grad_(requires_grad=False)
            _settle_in_memory(model)
            tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        _refuse_windows(model.config)
        return cls(manifest.slug, manifest.digest, directory, model, tokenizer, place, dtype)

    @property
    def vocabulary(self) -> int:
        """Number of logits a row has."""
        return int(self.model.config.vocab_size)

    @property
    def context_tokens(self) -> int:
        """Longest prompt and answer together."""
        return int(self.model.config.max_position_embeddings)

    @property
    def parameters(self) -> int:
        """Shared parameters: the numerator of lambda."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def end_ids(self) -> frozenset[int]:
        """Tokens that end an answer."""
        ends = self.model.generation_config.eos_token_id
        if ends is None:
            ends = self.tokenizer.eos_token_id
        if ends is None:
            return frozenset()
        return frozenset(ends if isinstance(ends, list) else [ends])

    def encode(self, text: str) -> list[int]:
        """Token ids of plain text; text that looks like a control token stays text."""
        ids: list[int] = self.tokenizer(self.defuse(text), add_special_tokens=False, verbose=False)[
            "input_ids"
        ]
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of token ids, control tokens left out, byte for byte as the tokenizer spells it."""
        text: str = self.tokenizer.decode(
            list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def chat_ids(self, messages: Sequence[Message]) -> list[int]:
        """A conversation in the core's own chat template, up to where the answer begins."""
        safe = [{"role": message["role"], "content": self.defuse(message["content"])} for message in messages]
        text = self.tokenizer.apply_chat_template(safe, add_generation_prompt=True, tokenize=False)
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def defuse(self, text: str) -> str:
        """Break control tokens that stand in a user's or an owner's text: they must not end a turn."""
        for token in self.tokenizer.all_special_tokens:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def voting_tree(self, *, packed: bool = False) -> Any:
        """A second tree of modules over the same weights, in which linear layers may be wrapped.

        Packed trees multiply a few rows quicker and know no gradients.
        """
        tensors = (*self.model.parameters(), *self.model.buffers())
        tree = copy.deepcopy(self.model, {id(tensor): tensor for tensor in tensors})
        if packed and can_pack(self.device, self.dtype):
            pack_tree(tree, self._packed)
        return tree.eval()


def adaptable_linears(model: Any) -> dict[str, nn.Linear]:
    """Linear layers that an adapter may change, by name: all but the output matrix."""
    output = model.get_output_embeddings()
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not output
    }


def _refuse_windows(configuration: Any) -> None:
    """Rows keep all that they have read: sliding windows and recurrent states would need more than that."""
    kinds = set(getattr(configuration, "layer_types", None) or ())
    if kinds - {"full_attention"}:
        raise ValueError(
            f"Cores need full attention in every layer; this one has {', '.join(sorted(kinds))}."
        )


def _settle_in_memory(model: Any) -> None:
    """Copy weights out of the mapped file: aligned memory of our own makes a one-row step a fifth faster."""
    for parameter in model.parameters():
        if parameter.device.type == "cpu":
            parameter.data = parameter.data.clone()


def _directory_of(where: Path | str) -> Path:
    """A directory as it stands; anything else is a name on the hub (from its local cache when offline)."""
    if Path(where).is_dir():
        return Path(where)
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            str(where), allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]
        )
    )
