"""The private rule: how named sources move one token by a bounded amount that is charged, not measured.

Step of the way: compose, in private mode. ``x_s = clamp(w_s delta_s - c_s, 0, eta_s)``, ``p = softmax(l0/T +
sum_s x_s)`` over the core's own top-k tokens. Each x_s depends on the source's own ballot, weight and policy
and on the core, on nothing else; that is why alpha * KL_BR(eta_s) a token (accounting/maths/zcdp.py) bounds
what it moved for every dataset. It must not measure, rank or normalise over sources, and its law is only ever
sampled from: no argmax, no top_p, no log-probabilities handed out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.net.silence import Silence, hush, nothing_at, within


@dataclass(frozen=True, slots=True)
class PrivateVote:
    """The law of one token: over the support, not over the whole vocabulary."""

    support: Tensor  # (k,) int64 token ids, chosen by the core alone
    log_p: Tensor  # (k,) float64


def vote(
    *,
    l0: Tensor,
    ballots: Tensor,
    weights: Tensor,
    etas: Tensor,
    temperature: float,
    top_k: int,
    silences: Sequence[Silence] = (),
) -> PrivateVote:
    """l0 (V,), ballots (S, V), weights = gamma r (S,), etas (S,) public ranges. float64 over the support.

    A source adds 0, the least it can, to a token that it is silent on: inside [0, eta] like all that it could
    say, and decided by its own passages and the drawn text, so the charge holds as it is.
    """
    if not (temperature > 0 and top_k >= 1) or bool(((etas < 0) | ~torch.isfinite(etas)).any()):
        raise ValueError("temperature > 0, top_k >= 1 and finite etas >= 0 are needed")
    support = torch.topk(l0, min(top_k, l0.shape[0])).indices.sort().values  # (k,)
    core = l0[support].double()  # (k,)
    law = torch.log_softmax(core, 0)  # (k,)
    tilt = torch.zeros_like(core)  # (k,)
    for row, ballot in enumerate(ballots):  # in order: a source that adds nothing leaves every bit as it was
        own, weight, eta = ballot[support].double(), float(weights[row]), float(etas[row])
        quiet = within(silences[row], support) if silences else ()
        tilt = tilt + moves(
            core=core, ballot=own, law=law, weight=weight, eta=eta, temperature=temperature, quiet=quiet
        )  # (k,)
    return PrivateVote(support, torch.log_softmax(core / temperature + tilt, 0))


def moves(
    *,
    core: Tensor,
    ballot: Tensor,
    law: Tensor,
    weight: float,
    eta: float,
    temperature: float,
    quiet: Silence = (),
) -> Tensor:
    """x_s (k,): what one source adds. The centre is the mean of its own w delta under the core's law on the
    support; `quiet` are places in the support.
    """
    opinion = (ballot - core) * (weight / temperature)  # (k,) w delta
    hush(opinion[None], law.exp(), [quiet])
    centre = law.exp() @ opinion  # ()
    moved = torch.nan_to_num(opinion - centre, nan=0.0)  # (k,) a ballot that is no number says nothing
    return nothing_at(moved.clamp(0.0, eta), quiet)
