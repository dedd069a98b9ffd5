"""Where do the logits of an answer's rows come from? The port between the token loop and the forward passes.

Composing: the token loop opens a box for its rows, asks for the logits of each next token, and closes it.
One implementation reads the rows of a single answer alone (`decoder.Ballots`, also what replay uses), one
has the rows of all answers in one pass (`batch.Batch`). It must not know weights, budgets or how a token is
drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from inference.net.lora import Adapter


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an answer: what it reads and whose adapter it wears.

    The first `shared_tokens` of what it reads hold nothing of the caller's: what was read of them may be kept
    for later answers.
    """

    prompt_ids: Sequence[int]
    adapter: Adapter | None = None
    shared_tokens: int = 0


class BallotBox(Protocol):
    """The rows of one answer: `prefill` once, then `step` per token; rows leave through `keep`."""

    def prefill(self) -> Tensor:
        """Read every prompt; logits of the first token, (rows, vocabulary), float32."""

    def step(self, token_id: int) -> Tensor:
        """Append one token to every row; logits of the next, (rows, vocabulary), float32."""

    def keep(self, rows: Sequence[int]) -> None:
        """Drop every row that is not named (ascending; the core, row 0, always stays)."""

    def close(self) -> None:
        """Give everything back; closing twice does nothing more."""


OpenBallots = Callable[[Sequence[Row], int], BallotBox]  # (rows, tokens expected after the prompts)


def check_rows(rows: Sequence[Row]) -> None:
    """ValueError unless row 0 is the core's own and every row reads something."""
    if not rows or rows[0].adapter is not None:
        raise ValueError("The first row is the core's own and has no adapter.")
    if any(not row.prompt_ids for row in rows):
        raise ValueError("A row needs at least one token to read.")


def check_kept(rows: Sequence[int]) -> None:
    """ValueError unless rows to keep are ascending and begin with the core."""
    if not rows or rows[0] != 0 or list(rows) != sorted(set(rows)):
        raise ValueError("Rows to keep are ascending and begin with the core.")
