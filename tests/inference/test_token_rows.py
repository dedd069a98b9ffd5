"""Rows of a heat map: texts that join to the text, whatever bytes the tokens are, and sums over sentences."""

import pytest

from inference.token_rows import MOST_CELLS, Moved, TokenRows, most_rows


def decode(ids):
    return bytes(ids).decode(errors="replace")


def rows_of(text, *, sources=("a",), end=None):
    made = TokenRows(decode, lambda token: bytes([token]), frozenset([end] if end is not None else []))
    for place, byte in enumerate(text if isinstance(text, bytes) else text.encode()):
        moved = Moved(1.0, 0.1, 0.2, 0.2, (-1.0) ** place)
        made.add(byte, -0.5, dict.fromkeys(sources, moved))
    return made


def test_texts_join_to_the_text_and_bytes_to_its_bytes_also_in_mid_character():
    text = "Zwölf ☃ 𝄞 e\u0301!"
    report = rows_of(text).report(delivered=len(text.encode()))
    assert "".join(row["text"] for row in report["rows"]) == text
    assert bytes(byte for row in report["rows"] for byte in row["bytes"]) == text.encode()
    assert report["rows"][2]["text"] == "" != report["rows"][3]["text"] == "ö"


def test_an_answer_that_ends_within_a_character_shows_the_replacement_sign_once():
    made = rows_of("ab☃".encode()[:-1])
    for _ in range(2):  # it is told in the reply and kept for a repeat of the request
        report = made.report(delivered=4)
        assert "".join(row["text"] for row in report["rows"]) == "ab\ufffd"


def test_a_token_that_was_not_delivered_is_not_told():
    report = rows_of("abcd").report(delivered=3)
    assert [row["text"] for row in report["rows"]] == ["a", "b", "c"]
    assert (report["of"], report["count"], report["next"]) == (3, 3, None)


def test_an_end_token_has_a_row_and_no_text():
    report = rows_of(b"ab\x00", end=0).report(delivered=3)
    assert [(row["text"], row["is_end"]) for row in report["rows"]] == [
        ("a", False),
        ("b", False),
        ("", True),
    ]


def test_sentences_cover_every_token_once_and_sum_to_the_whole():
    text = "One is here. Is two? Yes!\nNo end"
    report = rows_of(text, sources=("a", "b")).report(delivered=len(text))
    assert [span["text"] for span in report["spans"]] == ["One is here. ", "Is two? ", "Yes!\n", "No end"]
    assert [span["first"] for span in report["spans"]] == [0, 13, 21, 26]
    assert [span["last"] for span in report["spans"]] == [12, 20, 25, 31]
    for source in ("a", "b"):
        for name in ("forward", "reverse", "symmetric", "help_nats"):
            whole = sum(row["sources"][source][name] for row in report["rows"])
            assert sum(span["sources"][source][name] for span in report["spans"]) == pytest.approx(whole)


def test_pages_follow_each_other_and_hold_what_a_reply_holds():
    text, sources = "x" * 300, tuple(f"s{number}" for number in range(64))
    made = rows_of(text, sources=sources)
    pages = [made.report(delivered=300)]
    while pages[-1]["next"] is not None:
        pages.append(made.report(delivered=300, first=pages[-1]["next"]))
    assert all(page["count"] * 64 <= MOST_CELLS for page in pages)
    assert [row["index"] for page in pages for row in page["rows"]] == list(range(300))
    assert len(pages) == 5


def test_a_reply_holds_at_least_one_row():
    assert most_rows(10**6) == 1
    assert rows_of("ab").report(delivered=2, first=9)["rows"] == []
