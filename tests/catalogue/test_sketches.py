"""Near-duplicates are found by their wording, whatever was moved or added."""

import random

import pytest

from marketplace.duplicates.sketches import SKETCH_SIZE, overlap, resemblance, sketch
from tests.net.texts import PYTHON, ROME


def test_a_copy_with_small_changes_resembles_its_original_and_another_text_does_not():
    changed = "A new beginning.\n" + ROME.replace("Chapter 7.", "Part seven:").replace("\n\n", "\n")
    assert resemblance(sketch([ROME]), sketch([changed])) > 0.9
    assert resemblance(sketch([ROME]), sketch([PYTHON])) < 0.05


def test_resemblance_estimates_the_share_of_common_wording():
    draw = random.Random(0)
    words = [f"w{draw.randrange(10**9)}" for _ in range(6_000)]
    whole, half = " ".join(words), " ".join(words[:3_000])
    assert abs(resemblance(sketch([whole]), sketch([half])) - 0.5) < 0.12


@pytest.mark.parametrize("part", [0.05, 0.3, 0.83, 1.0])
def test_the_share_of_a_text_that_is_in_another_is_told_within_its_error(part):
    misses = 0
    for seed in range(20):
        draw = random.Random(seed)
        own = [f"w{draw.randrange(10**9)}" for _ in range(8_000)]
        other = own[: int(part * 8_000)] + [f"x{draw.randrange(10**9)}" for _ in range(4_000)]
        found = overlap(sketch([" ".join(own)]), sketch([" ".join(other)]))
        misses += abs(found.share - part) > 2 * found.standard_error + 0.01
        assert found.standard_error < 0.05
    assert misses <= 3, "two standard errors miss once in twenty"


def test_a_paragraph_in_a_library_leaves_too_little_to_say():
    draw = random.Random(1)
    library = [f"w{draw.randrange(10**9)}" for _ in range(60_000)]
    found = overlap(sketch([" ".join(library[:600])]), sketch([" ".join(library)]))
    assert found.marks < 32


def test_small_texts_are_compared_exactly():
    own, other = " ".join(map(str, range(100))), " ".join(map(str, range(50)))
    found = overlap(sketch([own]), sketch([other]))
    assert (found.marks, found.share, found.standard_error) == (95, 45 / 95, 0.0)


def test_a_sketch_is_as_small_for_a_large_text_and_has_no_chance_in_it():
    assert len(sketch([ROME])) <= SKETCH_SIZE
    assert sketch(iter([ROME])) == sketch([ROME])
    assert sketch(["one two three"]) == sketch(["One, two; THREE!"]) != ()
    assert sketch(["", " ... "]) == ()


def test_the_order_of_documents_does_not_matter():
    assert sketch([ROME, PYTHON]) == sketch([PYTHON, ROME])
