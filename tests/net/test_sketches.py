"""Near-duplicates are found by their wording, whatever was moved or added."""

import random

from inference.net.sketches import groups, resemblance, sketch
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


def test_groups_number_the_alike_and_leave_the_rest_alone():
    rome, python = sketch([ROME]), sketch([PYTHON])
    assert groups([python, rome, rome, ()]) == [None, 1, 1, None]
    assert groups([]) == []


def test_the_order_of_documents_does_not_matter():
    assert sketch([ROME, PYTHON]) == sketch([PYTHON, ROME])
