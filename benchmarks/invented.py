"""What do benchmarks read and ask that no core can know? Documents of invented owners, made anew from a seed.

A register of lighthouses and the handbook of a workshop, a page for each thing, with the questions that only
these pages answer; and texts that only disturb: random letters, random words, another language, another
subject. Nobody and nothing named here exists; equal seeds give equal texts.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

BEGINNINGS = (
    "Var",
    "Tol",
    "Men",
    "Os",
    "Kel",
    "Bran",
    "Ish",
    "Dor",
    "Fen",
    "Lum",
    "Qua",
    "Ryn",
    "Sab",
    "Uth",
)
MIDDLES = ("a", "e", "i", "o", "u", "ae", "ia", "oro", "ela", "imu")
ENDS = ("dane", "vik", "mora", "stein", "pell", "run", "tis", "garth", "lund", "bek", "sova", "nor")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the only right answer, as it stands in a page."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Owner:
    """Pages to register, questions on them, and pages that are never registered."""

    name: str
    pages: tuple[str, ...]
    asked: tuple[Asked, ...]
    held_out: tuple[str, ...]


Page = tuple[str, list[Asked]]


def lighthouses(*, pages: int, held_out: int, seed: int = 1) -> Owner:
    """A register of lighthouses."""
    return _owner("lighthouse register", _lighthouse, pages, held_out, seed)


def workshop(*, pages: int, held_out: int, seed: int = 2) -> Owner:
    """The service handbook of a workshop."""
    return _owner("workshop handbook", _machine, pages, held_out, seed)


def _owner(name: str, page: Callable[..., Page], pages: int, held_out: int, seed: int) -> Owner:
    rng = random.Random(seed)
    used: set[str] = set()
    made = [page(rng, _unused(rng, used)) for _ in range(pages + held_out)]
    asked = [rng.choice(questions) for _, questions in made[:pages]]
    texts = [text for text, _ in made]
    return Owner(name, tuple(texts[:pages]), tuple(asked), tuple(texts[pages:]))


def _lighthouse(rng: random.Random, place: str) -> Page:
    engineer, keeper, boat = _person(rng), _person(rng), _name(rng)
    year, height, steps = rng.randrange(1790, 1930), rng.randrange(14, 62), rng.randrange(60, 290)
    stone = rng.choice(("granite", "red sandstone", "limestone", "basalt", "cast iron", "brick"))
    oil = rng.choice(("whale oil", "rapeseed oil", "paraffin", "gas from coal", "electricity"))
    text = " ".join(
        (
            rng.choice(
                (
                    f"The lighthouse of {place} was built in the year {year} by the engineer {engineer}.",
                    f"It was the engineer {engineer} who built the lighthouse of {place}, in {year}.",
                )
            ),
            rng.choice(
                (
                    f"Its tower of {stone} is {height} metres high and has {steps} steps.",
                    f"The tower is made of {stone}; it rises {height} metres, and {steps} steps lead up.",
                )
            ),
            f"The lamp of {place} has burned {oil} since the reform of {year + rng.randrange(11, 40)}.",
            rng.choice(
                (
                    f"Stores are brought to {place} every {rng.randrange(2, 9)} weeks by the boat {boat}.",
                    f"The boat {boat} brings stores to {place}, weather permitting.",
                )
            ),
            f"The first keeper of the lighthouse of {place} was {keeper}; he kept a log of every storm.",
        )
    )
    return text, [
        Asked(f"Who was the engineer who built the lighthouse of {place}?", engineer),
        Asked(f"In which year was the lighthouse of {place} built?", str(year)),
        Asked(f"Who was the first keeper of the lighthouse of {place}?", keeper),
        Asked(f"Which boat brings stores to the lighthouse of {place}?", boat),
        Asked(f"What is the tower of the lighthouse of {place} made of?", stone),
    ]


def _machine(rng: random.Random, name: str) -> Page:
    machine = rng.choice(("pump", "lathe", "press", "compressor", "conveyor"))
    thing = f"{name} {machine}"
    code, hours = f"{rng.choice('BDKTX')}-{rng.randrange(100, 999)}", rng.randrange(120, 900)
    person, hall = _person(rng), rng.choice(("north", "south", "east", "west", "old"))
    grease = rng.choice(("lithium grease", "graphite paste", "linseed oil", "silicone oil", "beeswax"))
    text = " ".join(
        (
            rng.choice(
                (
                    f"The {thing} stands in the {hall} hall and is looked after by {person}.",
                    f"In the {hall} hall stands the {thing}; the person in charge of it is {person}.",
                )
            ),
            rng.choice(
                (
                    f"The {thing} is serviced after every {hours} hours of running.",
                    f"After {hours} hours of running the {thing} has to be serviced.",
                )
            ),
            f"First switch the {thing} off at the wall, wait until the wheel stands, and hang up the sign.",
            f"Its bearings are treated with {grease} and with nothing else.",
            rng.choice(
                (
                    f"The spare filter of the {thing} has the number {code}.",
                    f"When the filter of the {thing} is dirty, order the part {code}.",
                )
            ),
            f"Write date, hours and what was done into the {rng.choice(('green', 'grey', 'black'))} book.",
        )
    )
    return text, [
        Asked(f"Who is in charge of the {thing}?", person),
        Asked(f"After how many hours of running is the {thing} serviced?", str(hours)),
        Asked(f"What are the bearings of the {thing} treated with?", grease),
        Asked(f"Which number has the spare filter of the {thing}?", code),
    ]


def noise(kind: str, *, words: int, seed: int = 3) -> str:
    """A text that nobody learns anything from."""
    rng = random.Random(seed)
    if kind == "random letters":
        return _sentences(lambda: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=5)), words)
    if kind == "random words":
        vocabulary = sorted({_name(rng).lower() for _ in range(400)})
        return _sentences(lambda: rng.choice(vocabulary), words)
    if kind == "another language":
        return _filled(rng, GERMAN, PLANTS, MONTHS, words)
    if kind == "another subject":
        return _filled(rng, COOKING, FOODS, SPICES, words)
    raise ValueError(kind)


NOISES = ("random letters", "random words", "another language", "another subject")
GERMAN = (
    "Der {a} im Garten braucht im {b} viel Wasser und einen Platz an der Sonne.",
    "Wer den {a} im {b} schneidet, erntet im Herbst mehr als alle Nachbarn.",
    "Im {b} kommen die Schnecken; gegen sie hilft Asche rund um den {a}.",
    "Die Erde um den {a} soll locker sein, und im {b} gibt man Kompost dazu.",
    "Ein alter {a} verträgt auch einen kalten {b}, wenn die Wurzeln trocken bleiben.",
)
COOKING = (
    "Rinse the {a}, cut it into small pieces and cook it with {b} until it is soft.",
    "A little {b} makes the {a} sweeter; add salt only at the end.",
    "Serve the {a} hot, with rice and a spoon of {b} on top.",
    "For the sauce fry {b} in butter, add the {a} and stir for ten minutes.",
    "Bake the {a} at a low heat and brush it with {b} before it turns brown.",
)
PLANTS = ("Apfelbaum", "Flieder", "Rhabarber", "Weinstock", "Kürbis", "Holunder", "Lavendel")
MONTHS = ("März", "April", "Mai", "Juni", "Juli", "September", "Winter")
FOODS = ("pumpkin", "fennel", "aubergine", "cabbage", "carrot", "leek", "chicken")
SPICES = ("honey", "garlic", "thyme", "lemon", "ginger", "mustard", "cream")


def _filled(
    rng: random.Random, sentences: Sequence[str], ones: Sequence[str], others: Sequence[str], words: int
) -> str:
    made: list[str] = []
    while sum(len(one.split()) for one in made) < words:
        made.append(rng.choice(sentences).format(a=rng.choice(ones), b=rng.choice(others)))
    return " ".join(made)


def _sentences(word: Callable[[], str], words: int) -> str:
    lines = (" ".join(word() for _ in range(10)) for _ in range(words // 10))
    return " ".join(f"{line.capitalize()}." for line in lines)


def _name(rng: random.Random) -> str:
    return rng.choice(BEGINNINGS) + rng.choice(MIDDLES) + rng.choice(ENDS)


def _unused(rng: random.Random, used: set[str]) -> str:
    while (name := _name(rng)) in used:
        continue
    used.add(name)
    return name


def _person(rng: random.Random) -> str:
    first = rng.choice(("Ilsa", "Tomas", "Wenna", "Jorik", "Maren", "Piet", "Asta", "Ruben", "Edda", "Lorn"))
    return f"{first} {_name(rng)}"
