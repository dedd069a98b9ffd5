"""Which bytes a token stands for: joined they are the text, whatever the tokenizer."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from inference.net.spelling import bytes_of

TEXT = "Über 🐋 and 中文, twice  over\n\tdone."


def test_bytes_of_a_texts_tokens_are_the_text(tiny_core):
    assert b"".join(bytes_of(tiny_core, token) for token in tiny_core.encode(TEXT)) == TEXT.encode()


@pytest.mark.real_core
def test_bytes_of_the_real_cores_tokens_are_the_text(real_core):
    assert b"".join(bytes_of(real_core, token) for token in real_core.encode(TEXT)) == TEXT.encode()


def test_a_control_token_is_told_by_its_name(tiny_core):
    end = tiny_core.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert bytes_of(tiny_core, end) == b"<|im_end|>"


def test_an_id_beyond_the_tokenizer_spells_nothing(tiny_core):
    assert bytes_of(tiny_core, 10**6) == b""


def test_sentence_pieces_fall_back_to_bytes_and_mark_spaces(tiny_core):
    pieces = ["<0xF0>", "▁whale", "s"]
    tokenizer = SimpleNamespace(
        convert_ids_to_tokens=lambda token_id: pieces[token_id], all_special_ids=[], backend_tokenizer=None
    )
    core = replace(tiny_core, tokenizer=tokenizer)
    assert [bytes_of(core, token) for token in range(3)] == [b"\xf0", b" whale", b"s"]
