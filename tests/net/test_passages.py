"""Passages are exact stretches of their documents, of bounded size, for any text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from inference.net.constants import PASSAGE_TOKENS_MOST
from inference.net.passages import estimated_tokens, split, split_documents
from tests.net.texts import ROME

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=3000)


@given(ANY_TEXT)
@settings(deadline=None, max_examples=150)
def test_passages_are_exact_stretches_in_order_and_lose_no_word(text):
    passages = split(text)
    place = 0
    for passage in passages:
        assert text[passage.start : passage.end] == passage.text
        assert passage.text.strip() == passage.text != ""
        assert text[place : passage.start].strip() == ""
        place = passage.end
    assert text[place:].strip() == ""


@given(
    st.lists(
        st.sampled_from(["word ", "漢字", "x" * 500, "\n\n", ". ", "1234567890", "😀", "\t"]), max_size=300
    )
)
@settings(deadline=None, max_examples=80)
def test_no_passage_is_longer_than_the_core_should_read(pieces):
    for passage in split("".join(pieces)):
        assert estimated_tokens(passage.text) <= PASSAGE_TOKENS_MOST


def test_ordinary_text_is_cut_at_ends_of_sentences_near_the_goal():
    passages = split(ROME)
    assert all(passage.text[-1] == "." for passage in passages)
    sizes = [estimated_tokens(passage.text) for passage in passages]
    assert min(sizes[:-1]) >= 90


def test_equal_passages_are_kept_once_and_the_cut_is_repeatable():
    twice = split_documents([ROME, ROME])
    assert twice == split_documents([ROME])
    assert len({passage.digest for passage in twice}) == len(twice)


def test_a_long_text_without_any_space_is_cut_too():
    assert len(split("語" * 5000)) >= 5000 // PASSAGE_TOKENS_MOST
    assert len(split("a" * 100_000)) > 50


def test_empty_and_blank_texts_have_no_passages():
    assert split_documents(["", " \n\t\n", "\u2003"]) == []
