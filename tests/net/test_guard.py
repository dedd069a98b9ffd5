"""Which tokens are silenced: just those after which twelve words of the passages would stand, or begin to."""

import random
from itertools import pairwise

import pytest

from inference.net.grams import Grams
from inference.net.guard import Script, grams_lead, silent_tokens
from inference.net.passages import split_documents
from inference.net.silence import EVERYTHING
from inference.net.token_words import Spelling, spelling_of
from inference.net.wording import words
from tests.net.texts import PYTHON, ROME

VOCABULARY = [
    "a", "b", "ab", " a", " b", " ab", "ba", " ba", " a b", "b a", ".", " ", ". A", "é", "a.", " a, b a",
    "鯨", "海", "鯨海", " 鯨海a", "ac" * 9, " " + "ac" * 20, "c",
]  # fmt: skip
SPLIT = ["鯨".encode()[:1], "鯨".encode()[1:], "海".encode()[:2], "海".encode()[2:], b"a\xe9"]
TOY = Spelling([piece.encode() for piece in VOCABULARY] + SPLIT)


def grams_of(text, spelling):
    return Grams.of(split_documents([text]), lead=grams_lead(spelling))


def ends_badly(before: bytes, token: bytes, forbidden: set[tuple[str, ...]]) -> bool:
    """By trying: does the token complete or begin the twelfth word of some twelve?"""

    def read(content):
        return words(content.decode("utf-8", errors="ignore"))

    old, new = read(before), read(before + token)
    if new == old:
        return False
    unchanged = sum(1 for _ in takewhile_equal(old, new))
    for end in range(max(unchanged, 11), len(new)):
        window = tuple(new[end - 11 : end + 1])
        open_end = end == len(new) - 1 and not is_closed(before + token)
        if window in forbidden and (end >= unchanged):
            return True
        if open_end and any(window[:11] == one[:11] and one[11].startswith(window[11]) for one in forbidden):
            return True
    return False


def takewhile_equal(old, new):
    for one, other in zip(old, new, strict=False):
        if one != other:
            return
        yield one


def is_closed(content: bytes) -> bool:
    text = content.decode("utf-8", errors="ignore")
    return bool(text) and words(text + "zz")[-1] == "zz"


def twelves(text):
    order = words(text)
    return {tuple(order[place : place + 12]) for place in range(len(order) - 11)}


@pytest.mark.parametrize("seed", range(12))
def test_silenced_tokens_are_those_found_by_trying_every_token(seed):
    draw = random.Random(seed)
    text = "".join(draw.choice([*VOCABULARY, " ", " "]) for _ in range(300))
    forbidden, grams = twelves(text), Grams([words(text)], lead=grams_lead(TOY))
    follow = text.encode()
    script, before, checked = Script(TOY), b"", 0
    for _ in range(150):
        silenced = silent_tokens(script, grams)
        wanted = tuple(
            token for token, spelled in enumerate(TOY.spelled)
            if spelled[0] & 0xC0 != 0x80 or script.pending
            if ends_badly(before, spelled, forbidden)
        )  # fmt: skip
        if not script.pending:
            assert silenced == wanted
            checked += bool(wanted)
        fitting = [t for t, s in enumerate(TOY.spelled) if follow[len(before) :].startswith(s)]
        token = draw.choice(fitting) if fitting else draw.randrange(len(VOCABULARY))
        script.write(token)
        before += TOY.spelled[token]
    assert checked


@pytest.mark.parametrize("variant", [str.upper, str.title, lambda text: text.replace(" ", " - ")])
def test_other_case_and_signs_do_not_evade(tiny_core, variant):
    spelling = spelling_of(tiny_core)
    grams = grams_of(ROME, spelling)
    order = ROME.split()[:12]
    script = Script(spelling, lead=variant(" ".join(order[:11])) + " ")
    assert ord(order[11][0].lower()) in silent_tokens_as_bytes(tiny_core, script, grams)


def silent_tokens_as_bytes(core, script, grams):
    spelled = spelling_of(core).spelled
    return {spelled[token][0] for token in silent_tokens(script, grams)}


def test_twelve_words_across_a_passage_border_count_and_across_documents_do_not(tiny_core):
    spelling = spelling_of(tiny_core)
    passages = split_documents([ROME, PYTHON])
    grams = Grams.of(passages, lead=grams_lead(spelling))
    inside = next(pair for pair in pairwise(passages) if pair[0].document == pair[1].document)
    outside = next(pair for pair in pairwise(passages) if pair[0].document != pair[1].document)
    for (left, right), expected in ((inside, True), (outside, False)):
        script = Script(spelling, lead=" ".join(words(left.text)[-11:]) + " ")
        first = words(right.text)[0][0]
        assert (ord(first) in silent_tokens_as_bytes(tiny_core, script, grams)) is expected


def test_a_question_that_ends_in_eleven_words_of_a_passage_gets_no_twelfth(tiny_core):
    spelling = spelling_of(tiny_core)
    grams = grams_of(ROME, spelling)
    order = words(ROME)[40:52]
    assert silent_tokens(Script(spelling, lead=" ".join(order[1:11]) + " "), grams) == ()
    assert silent_tokens(Script(spelling, lead=" ".join(order[:11]) + " "), grams) != ()


@pytest.mark.parametrize(
    "text",
    [
        "ha " * 20_000,
        "x" * 5_000,
        "é" * 3_000,
        "鯨" * 3_000,
        "🙂 " * 500,
        "\ud800 a \x00 b " * 200,
        "",
        "one",
    ],
)
def test_odd_and_repetitive_passages_break_nothing(tiny_core, text):
    spelling = spelling_of(tiny_core)
    grams = grams_of(text, spelling)
    script = Script(spelling, lead=text[:500])
    for token in tiny_core.encode(text.encode("utf-8", "ignore").decode()[:200]):
        silent_tokens(script, grams)
        script.write(token)


def test_words_that_go_on_in_too_many_ways_silence_everything(tiny_core):
    spelling = spelling_of(tiny_core)
    start = "these are the names of all the people who came"
    grams = Grams(
        [[*start.split(), f"person{number}", "again"] for number in range(5_000)], lead=10
    )  # fmt: skip
    assert silent_tokens(Script(spelling, lead=start + " "), grams) == EVERYTHING


def test_an_index_knows_its_size_and_grows_with_distinct_words_only(tiny_core):
    spelling = spelling_of(tiny_core)
    once, often = grams_of("ha " * 1_000, spelling), grams_of("ha " * 50_000, spelling)
    assert 0 < once.nbytes < often.nbytes < 300_000
