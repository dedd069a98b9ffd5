"""A core small enough for a test: same architecture, same code path, random weights, bytes as tokens.

Tests and continuous integration only: what it says means nothing. Two calls with one seed make equal files.
"""

from pathlib import Path
from typing import Any

import torch

from inference.net.core_files import CORE_MANIFEST, write_manifest
from inference.net.files import new_directory

CONTROL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def make_tiny_core(directory: Path, *, seed: int = 0, slug: str = "tiny", context_tokens: int = 4096) -> Path:
    """Write a tiny random Llama with a byte-level tokenizer; an existing one is kept."""
    if (directory / CORE_MANIFEST).exists():
        return directory
    with new_directory(directory) as scratch:
        _tiny_tokenizer().save_pretrained(scratch)
        _tiny_model(seed=seed, context_tokens=context_tokens).save_pretrained(scratch)
        write_manifest(scratch, slug=slug, origin=f"random, seed {seed}")
    return directory


def _tiny_model(*, seed: int, context_tokens: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    configuration = LlamaConfig(
        vocab_size=256 + len(CONTROL_TOKENS),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=context_tokens,
        tie_word_embeddings=True,
        initializer_range=0.25,  # wide enough that ballots differ visibly
        bos_token_id=257,
        eos_token_id=258,
        pad_token_id=256,
        dtype="float32",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(configuration).to(torch.float32)


def _tiny_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: index for index, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(CONTROL_TOKENS))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=CONTROL_TOKENS[0],
        bos_token=CONTROL_TOKENS[1],
        eos_token=CONTROL_TOKENS[2],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
