"""What a text says about its own use: found wherever it stands, read strictly, never passed over."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.rights.places import MOST_ELEMENTS, MOST_TERMS, find
from marketplace.rights.structured_fields import Malformed, dictionary

RSL = '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>{}</license></content></rsl>'


def said(text: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.term.verdict, one.term.statement) for one in find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Content-Usage: train-ai=n\n\nThe text.", [(1, "forbids", "train-ai=n")]),
        ("---\ntitle: A\ncontent-usage: 'train-ai=n, search=y'\n---\nText",
         [(3, "forbids", "train-ai=n"), (3, "permits", "search=y")]),
        ("User-Agent: *\nAllow: /\nContent-Usage: / train-ai=n # not us",
         [(3, "forbids", "train-ai=n")]),
        ("User-Agent: *\r\nContent-Usage: /ok/ train-ai=y\r\n", [(2, "permits", "/ok/ train-ai=y")]),
        ('<html><meta http-equiv="Content-Usage" content="ai-use=n"></html>', [(1, "forbids", "ai-use=n")]),
        ("<meta\n name='content-usage' content='train-ai=y'>", [(1, "permits", "train-ai=y")]),
        ("\ufeffContent-Usage: all=n", [(1, "forbids", "all=n")]),
        ("User-agent: *\nLicense: https://example.org/license.xml",
         [(2, "condition", "License: https://example.org/license.xml")]),
        ("User-agent: *\nLicense: terms.xml", [(2, "condition", "License: terms.xml")]),
        ("---\nlicense: https://example.org/terms\n---\n",
         [(2, "condition", "License: https://example.org/terms")]),
        ('<link rel="license" href="https://example.org/l.xml">',
         [(1, "condition", "link rel=license https://example.org/l.xml")]),
        ("Text about Content-Usage: headers in a sentence.", []),
        ("License: MIT\n\nA text with its licence in words.", []),
        ("Whales are mammals.", []),
    ],
)  # fmt: skip
def test_terms_are_found_where_they_stand(text, expected):
    assert said(text) == expected


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ("train-ai=maybe", "unknown"),
        ("train-ai", "unknown"),
        ('train-ai="n"', "unknown"),
        ("train-ai=N", "unknown"),
        ("levitate=n", "unknown"),
        ("Train-AI=n", "unreadable"),
        ("train-ai=n,", "unreadable"),
        ("train-ai = n", "unreadable"),
        ("nothing sensible", "unreadable"),
        ("train-ai=y, train-ai=n", "unreadable"),
        ("", "unreadable"),
    ],
)
def test_a_preference_that_is_not_understood_is_shown_and_never_passed_over(value, verdict):
    assert {one.term.verdict for one in find(f"Content-Usage: {value}")} == {verdict}


def test_a_parameter_is_shown_as_unknown_beside_the_preference_that_carries_it():
    assert said("Content-Usage: train-ai=n;exceptions=cc") == [
        (1, "forbids", "train-ai=n;exceptions=cc"),
        (1, "unknown", "train-ai;exceptions=cc"),
    ]


@pytest.mark.parametrize(
    ("terms", "verdict", "draft", "forbids_training"),
    [
        ('<prohibits type="usage">ai-train</prohibits>', "forbids", {}, True),
        ('<prohibits type="usage">ai-input, search</prohibits>', "forbids",
         {"consumers": {"allow": []}, "quote": False}, False),
        ('<permits type="usage">search</permits>', "forbids", {"consumers": {"allow": []}}, True),
        ('<permits type="usage">all</permits>', "permits", {}, False),
        ('<permits type="usage">ai-all</permits>', "permits", {"quote": False}, False),
        ('<permits type="user">education non-commercial</permits>', "condition",
         {"purposes": {"allow": ["education", "personal", "public-service", "research"]}}, False),
        ('<prohibits type="user">commercial</prohibits>', "forbids",
         {"purposes": {"deny": ["commercial"]}}, False),
        ('<permits type="geo">DE,FR</permits>', "condition", {"countries": {"allow": ["DE", "FR"]}}, False),
        ('<prohibits type="geo">US</prohibits>', "forbids", {"countries": {"deny": ["US"]}}, False),
        ('<payment type="free"/>', "permits", {"price_micro_usd_per_nat": 0}, False),
        ('<payment type="use"><amount currency="USD">0.0150001</amount></payment>', "condition",
         {"floor_price_micro_usd": 15001}, False),
        ('<payment type="use"><amount currency="EUR">1</amount></payment>', "condition",
         {"approval": "required"}, False),
        ('<payment type="subscription"/>', "condition", {"approval": "required"}, False),
        ('<payment type="attribution"/>', "condition",
         {"attribution_notice": "Rests on a text whose RSL terms ask for attribution."}, False),
        ('<legal type="warranty">ownership</legal>', "condition", {}, False),
    ],
)  # fmt: skip
def test_rsl_terms_become_drafts_of_clauses(terms, verdict, draft, forbids_training):
    [found] = find(f"A text.\n{RSL.format(terms)}")
    term = found.term
    assert (found.line, term.verdict, term.draft) == (2, verdict, draft)
    assert term.forbids_training == forbids_training
    assert term.sentence.endswith(".")


@pytest.mark.parametrize(
    "terms",
    [
        '<permits type="mood">good</permits>',
        '<permits type="geo">Atlantis</permits>',
        '<prohibits type="usage">dreaming</prohibits>',
        '<prohibits type="user">martians</prohibits>',
        '<prohibits type="usage" until="2030">ai-train</prohibits>',
        '<prohibits type="usage"></prohibits>',
        '<payment type="per-token"/>',
        '<payment type="free"><barter>goats</barter></payment>',
        "<wishes>peace</wishes>",
        '<other:permits xmlns:other="https://example.org">usage</other:permits>',
    ],
)
def test_an_rsl_term_that_is_not_known_is_shown_as_unknown(terms):
    assert "unknown" in {one.term.verdict for one in find(RSL.format(terms))}


def test_permitting_only_what_nobody_knows_permits_no_training():
    terms = [one.term for one in find(RSL.format('<permits type="usage">dreaming</permits>'))]
    assert [term.verdict for term in terms] == ["unknown", "forbids"]
    assert terms[1].forbids_training


@pytest.mark.parametrize(
    "xml",
    [
        "<rsl><content url='/'/></rsl>",
        '<rsl xmlns="https://example.org/other"/>',
        '<rsl xmlns="https://rslstandard.org/rsl"><content></rsl>',
        '<rsl xmlns="https://rslstandard.org/rsl"><content url="/">',
        '<rsl xmlns="https://rslstandard.org/rsl"/>',
        '<!DOCTYPE rsl [<!ENTITY a "aa">]><rsl xmlns="https://rslstandard.org/rsl">&a;</rsl>',
        '<rsl xmlns="https://rslstandard.org/rsl"><!DOCTYPE x SYSTEM "file:///etc/passwd"></rsl>',
        '<rss xmlns:rsl="https://rslstandard.org/rsl"><rsl:content url="/"/></rss>',
        '<rsl xmlns="https://rslstandard.org/rsl">' + "x" * 300_000 + "</rsl>",
    ],
)
def test_rsl_that_cannot_be_read_is_shown_as_unreadable(xml):
    assert [one.term.verdict for one in find(xml)] == ["unreadable"]


def test_nothing_of_an_entity_is_ever_fetched_or_expanded():
    bomb = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 9))
    text = f'<!DOCTYPE rsl [<!ENTITY b0 "lol">{bomb}]><rsl xmlns="https://rslstandard.org/rsl">&b8;</rsl>'
    assert [one.term.verdict for one in find(text)] == ["unreadable"]


@pytest.mark.parametrize(
    "text",
    ["Content-Usage: train-ai=n\n" * 200_000, "<rsl " * 400_000, "<a:rsl>" * 200_000, " " * 2_000_000,
     "<meta " * 300_000, "license: " * 200_000,
     RSL.format("") * 5_000],
    ids=["lines", "open", "prefixed", "blank", "tags", "licences", "elements"],
)  # fmt: skip
def test_a_hostile_text_is_read_in_time_and_gives_a_bounded_number_of_terms(text):
    begun = time.perf_counter()
    assert len(find(text)) <= 2 * MOST_TERMS + MOST_ELEMENTS
    assert time.perf_counter() - begun < 10


@given(st.text(alphabet='train-i=yn;,"() <>/rsl:\n\tContent-Usage&#@!', max_size=200))
def test_any_text_is_read_without_an_error(text):
    for one in find(text):
        assert one.term.sentence
        assert 1 <= one.line <= text.count("\n") + text.count("\r") + 1


KEYS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
VALUES = st.sampled_from(["y", "n", "?1", "12", "1.5", '"a b"', ":YQ==:", "(a b)", "@123", None])


@given(st.lists(st.tuples(KEYS, VALUES), max_size=8))
def test_a_dictionary_that_is_well_formed_is_read_as_it_was_written(members):
    text = ", ".join(key if value is None else f"{key}={value}" for key, value in members)
    assert [(one.key, one.value) for one in dictionary(text)] == members


@pytest.mark.parametrize("text", ["a=", "=y", "a=y b=n", "a=y,,b=n", "A=y", 'a="', "a=(b", "a;", "a=y;=1"])
def test_one_wrong_letter_makes_a_dictionary_unreadable(text):
    with pytest.raises(Malformed):
        dictionary(text)
