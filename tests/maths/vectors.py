"""Inputs and outputs of an independent 60-digit method (vectors.json), as numbers."""

import json
from math import inf, log
from pathlib import Path
from typing import Any

import mpmath
import torch

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text())


def cases(section: str) -> list[dict[str, Any]]:
    return list(VECTORS[section]["cases"])


def number(value: str | float) -> float:
    return inf if value == "inf" else float(value)


def log_softmax(logits: list[float]) -> list[float]:
    """60 digits, so that no error of a test is the test's own."""
    with mpmath.workdps(60):
        total = mpmath.fsum(mpmath.exp(mpmath.mpf(x)) for x in logits)
        return [float(mpmath.mpf(x) - mpmath.log(total)) for x in logits]


def logs(probabilities: list[float]) -> list[float]:
    return [log(p) if p else -inf for p in probabilities]


def ballots(case: dict[str, Any], dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    """The core's and the sources' log-softmaxed rows of a case."""
    core = torch.log_softmax(torch.tensor(case["l0_logits"], dtype=torch.float64), 0)  # (V,)
    rows = torch.log_softmax(torch.tensor(case["source_logits"], dtype=torch.float64), 1)  # (S, V)
    return core.to(dtype), rows.to(dtype)
