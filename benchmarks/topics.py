"""How well does a topic clause tell questions apart: of four subjects and of none, at several distances?

    python -m benchmarks.topics [--encoder all-minilm-l6-v2]

For regions of two keywords, of two examples and of both: how many questions of the subject lie within, how
many of all others do. Chooses nothing; `marketplace.policy.kinds.topics.DISTANCE` was chosen by it.
"""

import argparse
from dataclasses import dataclass

from inference.net.encoder import Encoder, load_encoder
from marketplace.policy.kinds.topics import DISTANCE, Region
from marketplace.policy.request import Place

DISTANCES = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85)


@dataclass(frozen=True)
class Subject:
    keywords: tuple[str, ...]
    examples: tuple[str, ...]
    questions: tuple[str, ...]


SUBJECTS = (
    Subject(
        ("whales", "whaling"),
        ("How deep does a sperm whale dive?", "What was whale oil used for?"),
        (
            "Is the sperm whale a mammal?",
            "What did harpooners do on a ship?",
            "Do dolphins and whales sing?",
            "How long can cetaceans hold their breath?",
            "Who is Captain Ahab?",
        ),
    ),
    Subject(
        ("medicine", "diagnosis"),
        ("What are the symptoms of diabetes?", "Which drug lowers blood pressure?"),
        (
            "How is pneumonia treated?",
            "What dose of ibuprofen is safe for children?",
            "My knee hurts, what should I do?",
            "Explain how vaccines work",
            "What causes migraines?",
        ),
    ),
    Subject(
        ("Python programming", "software"),
        ("How do I write a decorator in Python?", "What does a generator do?"),
        (
            "What is a closure?",
            "Difference between a list and a tuple",
            "Why does my for loop not end?",
            "How to read a CSV file with pandas",
            "Explain list comprehension",
        ),
    ),
    Subject(
        ("elections", "politics"),
        ("Who should I vote for?", "What does the party's manifesto say?"),
        (
            "Who won the election in 2020?",
            "What is proportional representation?",
            "Write a speech for a senator",
            "Is the tax policy of the party fair?",
            "How does a coalition government form?",
        ),
    ),
)
OF_NONE = (
    "What is the capital of France?",
    "Write a poem about autumn",
    "How do I bake bread?",
    "Who wrote the opera Carmen?",
    "What is 12 times 13?",
    "Recommend a hiking trail",
    "How do I fix a flat tyre?",
    "Tell me about the history of Rome",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", default="all-minilm-l6-v2")
    encoder = load_encoder(parser.parse_args().encoder)
    for name, parts in (("keywords", (True, False)), ("examples", (False, True)), ("both", (True, True))):
        within, without = distances(encoder, keywords=parts[0], examples=parts[1])
        print(f"\n{name}: {len(within)} questions of the subject, {len(without)} of others")
        for distance in DISTANCES:
            default = "   (default)" if distance == DISTANCE else ""
            print(
                f"  distance {distance:<4}  of the subject within {share(within, distance):4.0%}   "
                f"of others within {share(without, distance):4.1%}{default}"
            )


def distances(encoder: Encoder, *, keywords: bool, examples: bool) -> tuple[list[float], list[float]]:
    """Of every question to every subject's region: those of the subject, and all others."""
    within: list[float] = []
    without: list[float] = []
    for subject in SUBJECTS:
        region = Region(subject.keywords if keywords else (), subject.examples if examples else (), DISTANCE)
        places = dict(zip(region.texts, placed(encoder, region.texts), strict=True))
        for other in SUBJECTS:
            target = within if other is subject else without
            target += measured(encoder, region, other.questions, places)
        without += measured(encoder, region, OF_NONE, places)
    return within, without


def measured(
    encoder: Encoder, region: Region, questions: tuple[str, ...], places: dict[str, Place]
) -> list[float]:
    found = region.distances_of(placed(encoder, questions), places)
    assert found is not None
    return found


def placed(encoder: Encoder, texts: tuple[str, ...]) -> list[Place]:
    return [tuple(vector.tolist()) for vector in encoder.embed(texts)]


def share(distances: list[float], most: float) -> float:
    return sum(distance <= most for distance in distances) / len(distances)


if __name__ == "__main__":
    main()
