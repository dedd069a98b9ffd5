"""Passages stand in their own row before the question, and what does not fit is refused with numbers."""

import pytest

from inference.net.prompts import PromptTooLong, chat_prompt, text_prompt

TALK = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "First?"},
    {"role": "assistant", "content": "Yes."},
    {"role": "user", "content": "Second?"},
]


def test_passages_stand_before_the_last_question_only(tiny_core):
    plain = tiny_core.decode(chat_prompt(core=tiny_core, messages=TALK))
    told = tiny_core.decode(chat_prompt(core=tiny_core, messages=TALK, passages=[" One. ", "Two."]))
    assert told == plain.replace("Second?", "One.\n\nTwo.\n\nSecond?")


def test_a_plain_text_is_continued_after_its_passages(tiny_core):
    assert tiny_core.decode(text_prompt(core=tiny_core, text="And so")) == "And so"
    told = text_prompt(core=tiny_core, text="And so", passages=["One."])
    assert tiny_core.decode(told) == "One.\n\nAnd so"


def test_what_leaves_no_room_for_the_answer_is_refused_with_numbers(tiny_core):
    with pytest.raises(PromptTooLong) as caught:
        text_prompt(core=tiny_core, text="x" * 4_000, answer_tokens=200)
    assert (caught.value.tokens, caught.value.most) == (4_000, tiny_core.context_tokens - 200)
