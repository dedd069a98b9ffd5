"""Who plays in the demo: four owners with real text and four different policies, a buyer, an operator.

Data only. The purpose of the demo's buyer is `commercial`, which one of the four policies forbids.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.text import slugify

from workers.demo import corpus

PURPOSE = "commercial"
TOP_UP_MICRO_USD = 25_000_000
BUYER = ("acme-assistants", "Acme Assistants")
OPERATOR_USERNAME = "operator"


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner with one source: the documents are read only when the source is registered."""

    slug: str
    organisation: str
    source: str
    title: str
    description: str
    license: str
    documents: Callable[[], list[tuple[str, bytes]]]
    policy: dict[str, Any]


def _policy(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "regime": "measurement",
        "purposes": {"allow": ["research", "commercial"], "deny": []},
        "consumers": {"allow": ["*"]},
        "price_micro_usd_per_nat": 20,
        "floor_price_micro_usd": 0,
        "max_gamma": 1.0,
        "quote": True,
        "valid_from": None,
        "valid_until": None,
        "influence_nats": {"per_answer": 200, "per_consumer_day": 20000, "lifetime": 1000000},
        "floor_nats": None,
        "privacy": None,
    }
    return plain | changes


def _as_bytes(read: Callable[[], list[tuple[str, str]]]) -> Callable[[], list[tuple[str, bytes]]]:
    return lambda: [(name, text.encode()) for name, text in read()]


OWNERS: tuple[Owner, ...] = (
    Owner(
        slug="python-authors",
        organisation="Python Authors",
        source="python-reference",
        title="The Python language reference",
        description="Statements, expressions and data model of the Python language, topic by topic.",
        license="PSF-2.0",
        documents=_as_bytes(corpus.python_reference),
        policy=_policy(),
    ),
    Owner(
        slug="django-authors",
        organisation="Django Authors",
        source="django-docstrings",
        title="Django, as its docstrings tell it",
        description="What Django's modules, classes and functions do, in the words of their authors.",
        license="BSD-3-Clause",
        documents=_as_bytes(corpus.django_documentation),
        policy=_policy(
            regime="attribution",
            floor_nats=1.0,
            price_micro_usd_per_nat=30,
            floor_price_micro_usd=50,
            influence_nats={"per_answer": 120, "per_consumer_day": None, "lifetime": 500000},
        ),
    ),
    Owner(
        slug="scikit-learn-authors",
        organisation="scikit-learn Authors",
        source="scikit-learn-data",
        title="scikit-learn's data sets and clusters",
        description="Descriptions of well-known data sets, and of the estimators that find clusters in them.",
        license="BSD-3-Clause",
        documents=_as_bytes(corpus.scikit_learn_documentation),
        policy=_policy(
            regime="privacy",
            quote=False,
            price_micro_usd_per_nat=4000,
            floor_price_micro_usd=100,
            influence_nats={"per_answer": None, "per_consumer_day": None, "lifetime": None},
            privacy={"budget_nats": 50.0, "eta": 0.3, "delta": 1e-6},
        ),
    ),
    Owner(
        slug="pytorch-authors",
        organisation="PyTorch Authors",
        source="pytorch-docstrings",
        title="PyTorch: building and training networks",
        description="Layers and optimisers, as their docstrings explain them.",
        license="BSD-3-Clause",
        documents=_as_bytes(corpus.pytorch_documentation),
        policy=_policy(purposes={"allow": ["research"], "deny": ["commercial"]}),
    ),
)


def own_text(folder: Path) -> Owner:
    """A user's own folder of .txt and .md files, as the source of one more owner."""
    slug = slugify(folder.name)[:40] or "text"
    return Owner(
        slug=f"owner-of-{slug}",
        organisation=f"Owner of {folder.name}",
        source=f"own-{slug}",
        title=folder.name,
        description=f"The text files of the folder {folder.name}.",
        license="",
        documents=lambda: corpus.text_files(folder),
        policy=_policy(),
    )


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the demo, with the `abc` wishes it is asked with."""

    heading: str
    text: str
    abc: dict[str, Any]
    temperature: float = 0.7
    max_tokens: int = 64


QUESTIONS: tuple[Question, ...] = (
    Question(
        heading="rests mostly on one source",
        text="What does the else clause of a Python for loop do?",
        abc={"seed": 7, "gamma": {"pytorch-docstrings": 1.0}},  # named, so its refusal is told by name
    ),
    Question(
        heading="rests on two sources",
        text="How do Python's with statement and Django's transaction.atomic work together?",
        abc={"seed": 7},
    ),
    Question(
        heading="the same question, with one source ignored by the user",
        text="How do Python's with statement and Django's transaction.atomic work together?",
        abc={"seed": 7, "ignore": ["django-docstrings"]},
    ),
    Question(
        heading="private mode: one named source under its privacy budget",
        text="How many samples and features does the breast cancer data set have?",
        abc={"mode": "private", "only": ["scikit-learn-data"]},
    ),
)
