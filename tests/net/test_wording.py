"""Words as they are compared: spelling, case, signs and scripts do not hide them, nor do odd characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.net.wording import Tail, canonical, words


@pytest.mark.parametrize(
    "other",
    [
        "THE CAFÉ, on 3rd Street",
        "the cafe\u0301 on 3rd street",
        "the\u00a0cafe — on\n\t3rd... *street*",
        "the ca\u00adfe\u200b on 3rd street",
        "ｔｈｅ cafe on 3rd street",
    ],
)
def test_variants_of_the_same_words_are_the_same_words(other):
    assert words(other) == ["the", "cafe", "on", "3rd", "street"]


def test_scripts_without_spaces_have_a_word_for_every_letter():
    assert words("鯨は哺乳類だ") == list("鯨は哺乳類た")  # marks do not count
    assert words("whale鯨book") == ["whale", "鯨", "book"]


def test_a_long_run_is_cut_after_every_32_letters():
    assert words("ab" * 34 + " c") == ["ab" * 16, "ab" * 16, "abab", "c"]


def test_text_without_letters_has_no_words():
    assert words("🙂 !?— \x00\ud800 ∑") == []


@given(st.text(), st.lists(st.integers(0, 30), max_size=6))
def test_a_text_read_in_pieces_has_the_words_of_the_whole(text, cuts):
    tail, start = Tail(), 0
    for cut in [*sorted(cuts), len(text)]:
        tail.write(text[start:cut])
        start = max(start, cut)
    seen = [*tail.closed, *([tail.open] if tail.open else [])]
    assert seen == words(text)[len(words(text)) - len(seen) :]
    assert len(seen) >= min(len(words(text)), 11)


@given(st.text())
def test_canonical_text_is_its_own_canonical_text(text):
    assert canonical(canonical(text)) == canonical(text)
