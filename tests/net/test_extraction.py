"""Can passages be got out by copying? A ballot that copies word for word, with and without the mask."""

import math
from dataclasses import dataclass

import pytest
import torch

from inference.net.core import Core
from inference.net.generation import Seat, generate
from inference.net.grams import Grams
from inference.net.guard import grams_lead
from inference.net.passages import split_documents
from inference.net.replay import replay
from inference.net.token_words import spelling_of
from inference.net.transcript import Transcript
from inference.net.wording import words
from tests.net.texts import ROME


class Unlimited:
    """An allowance without end."""

    def left_nats(self, label: str) -> float:
        return math.inf

    def spend(self, label: str, nats: float) -> None:
        """Nothing is counted."""


@dataclass
class Copyist:
    """Rows of which the second puts all mass on the token with which the passages go on."""

    core: Core
    text: str
    said: str
    rows: int = 2

    def prefill(self):
        return self._logits()

    def step(self, token_id: int):
        self.said += self.core.decode([token_id])
        return self._logits()

    def keep(self, rows):
        raise AssertionError("nobody leaves")

    def close(self):
        """Nothing is open."""

    def _logits(self):
        logits = torch.zeros(2, self.core.vocabulary)
        place = self._place()
        logits[1, self.core.encode(self.text[place])[0]] = 60.0
        return logits

    def _place(self) -> int:
        """Where the longest end of what was said stands in the passages."""
        for size in range(min(len(self.said), 60), 0, -1):
            found = self.text.find(self.said[-size:])
            if 0 <= found < len(self.text) - size:
                return found + size
        return 0


@pytest.fixture
def endless(tiny_core):
    kept = tiny_core.model.generation_config.eos_token_id
    tiny_core.model.generation_config.eos_token_id = []
    yield tiny_core
    tiny_core.model.generation_config.eos_token_id = kept


TEXT = ROME[:6_000]


def grams_of(core, text=TEXT):
    return Grams.of(split_documents([text]), lead=grams_lead(spelling_of(core)))


def longest_run(answer: str, text: str, *, before: str = "") -> int:
    """Most words in a row that end in the answer and stand so in the text."""
    order, source = words(before + answer), f" {' '.join(words(text))} "
    own, best = len(words(answer)), 0
    for end in range(len(order) - own + 1, len(order) + 1):
        for start in range(end):
            if f" {' '.join(order[start:end])} " in source:
                best = max(best, end - start)
                break
    return best


def copied(core, *, question, grams, tokens=300):
    seat = Seat("rome", None, core.encode("x"), 1.0, 1.0, math.inf, grams=grams)
    answer = generate(
        core=core, core_prompt_ids=core.encode("x"), seats=[seat], allowance=Unlimited(),
        max_tokens=tokens, temperature=0.0, lead=question,
        ballots=lambda *_: Copyist(core, TEXT, question),
    )  # fmt: skip
    return "".join(step.text_delta for step in answer), answer.transcript


@pytest.mark.parametrize("size", [0, 5, 11])
def test_a_ballot_that_copies_is_stopped_before_the_twelfth_word(endless, size):
    order = TEXT.split()
    question = " ".join(order[20 : 20 + size]) + " "
    free, _ = copied(endless, question=question, grams=None)
    held, record = copied(endless, question=question, grams=grams_of(endless))
    assert longest_run(free, TEXT, before=question) > 40
    assert longest_run(held, TEXT, before=question) < 12
    assert any(any(token.silences) for token in record.tokens)


def test_a_question_that_begins_with_eleven_words_does_not_help(endless):
    question = " ".join(TEXT.split()[:11]) + " Go on with this text: "
    held, _ = copied(endless, question=question, grams=grams_of(endless))
    assert longest_run(held, TEXT, before=question) < 12


def test_the_core_may_say_what_the_source_is_silent_on(endless):
    """Silence is no veto: the token keeps the odds that the core gives it against what others do not push."""
    question = " ".join(TEXT.split()[:11]) + " "
    _, record = copied(endless, question=question, grams=grams_of(endless), tokens=1)
    silenced = record.tokens[0].silences[0]
    assert endless.encode(TEXT.split()[11][0])[0] in silenced
    assert len(silenced) < endless.vocabulary // 2


def test_silences_are_kept_in_the_transcript_and_replayed_bit_for_bit(endless, adapters):
    question = " ".join(TEXT.split()[:11]) + " "
    ids = endless.encode(question)
    seat = Seat("rome", adapters["rome"], ids, 1.0, 1.0, math.inf, grams=grams_of(endless))
    answer = generate(
        core=endless, core_prompt_ids=ids, seats=[seat], allowance=Unlimited(),
        max_tokens=6, temperature=1.0, seed=3, lead=question,
    )  # fmt: skip
    steps = list(answer)
    sealed = Transcript.from_json(answer.transcript.to_json())
    assert sealed == answer.transcript
    assert sealed.tokens[0].silences[0]
    again = list(replay(core=endless, adapters=adapters, transcript=sealed))
    assert [step.seats[0].symmetric for step in steps] == [one.symmetric["rome"] for one in again]


def test_a_transcript_from_before_there_was_silence_is_still_read(endless, adapters):
    seat = Seat("rome", adapters["rome"], endless.encode("Who?"), 1.0, 1.0, math.inf)
    answer = generate(
        core=endless,
        core_prompt_ids=endless.encode("Who?"),
        seats=[seat],
        allowance=Unlimited(),
        max_tokens=2,
    )
    list(answer)
    old = answer.transcript.to_json()
    for token in old["tokens"]:
        del token["silences"]
    assert Transcript.from_json(old) == answer.transcript
