"""Where a document states terms about its own use: pure text in, terms with their lines out.

`Content-Usage` at the beginning of any line (headers, front matter, robots.txt) and in HTML meta elements;
`License:` lines of robots.txt and of a document's head; `<rsl>` elements anywhere. Reads every document once,
in time that grows with its length only.
"""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from itertools import islice

from marketplace.rights import aipref, rsl
from marketplace.rights.terms import Found, Term, shortened, unreadable

MOST_TERMS = 500  # of one kind in one document
MOST_ELEMENTS = 200  # of `<rsl>` in one document
MOST_ELEMENT = 256 * 1024  # letters of one of them
HEAD_LINES = 100
Placed = tuple[int, Term]  # where it begins, in letters
_USAGE = re.compile(r"^[ \t]*[\"']?content-usage[\"']?[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_LICENSE = re.compile(r"^[ \t]*licen[sc]e[ \t]*:[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE)
_ROBOTS = re.compile(r"^[ \t]*user-agent[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_TAG = re.compile(r"<(?:meta|link)\b[^<>]{0,2000}>", re.IGNORECASE)
_RSL = re.compile(r"<((?:[A-Za-z_][\w.-]{0,50}:)?rsl)(?=[\s>/])")
_NAMESPACED = re.compile(r"xmlns(?::[\w.-]+)?\s{0,10}=\s{0,10}[\"']" + re.escape(rsl.NAMESPACE))


def find(text: str) -> list[Found]:
    """Every term, in the order of its line."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    ways = (_usage_lines, _license_lines, _tags, _elements)
    placed = [one for way in ways for one in _at_most(way(text))]
    return list(_with_lines(text, sorted(placed, key=lambda one: one[0])))


def _at_most(terms: Iterator[Placed]) -> Iterator[Placed]:
    """A text of nothing but terms must not fill the books: the rest becomes one term that says so."""
    yield from islice(terms, MOST_TERMS)
    for at, term in islice(terms, 1):
        yield at, unreadable(term.vocabulary, term.statement, f"there are more than {MOST_TERMS} such terms")


def _with_lines(text: str, placed: Iterable[Placed]) -> Iterator[Found]:
    line, counted = 1, 0
    for at, term in placed:
        line, counted = line + text.count("\n", counted, at), at
        yield Found(term, line)


def _usage_lines(text: str) -> Iterator[Placed]:
    for match in _USAGE.finditer(text):
        for term in _preference(_unquoted(match[1].split("#")[0])):
            yield match.start(), term


def _preference(value: str) -> Iterator[Term]:
    """A robots.txt rule begins with the paths that it is about."""
    path, _, rest = value.partition(" ") if value.startswith("/") else ("", "", value)
    for term in aipref.read(rest.strip()):
        statement = shortened(f"{path} {term.statement}") if path not in {"", "/"} else term.statement
        yield Term(term.vocabulary, statement, term.verdict, term.sentence, term.draft, term.forbids_training)


def _license_lines(text: str) -> Iterator[Placed]:
    """In robots.txt each one; elsewhere those of the document's head that name an address."""
    robots = _ROBOTS.search(text) is not None
    head = len("\n".join(text.split("\n", HEAD_LINES)[:HEAD_LINES]))
    for match in _LICENSE.finditer(text):
        value = _unquoted(match[1])
        if robots or (match.start() < head and _ADDRESS.fullmatch(value)):
            yield match.start(), _named_terms(f"License: {value}", value)


def _named_terms(statement: str, address: str) -> Term:
    sentence = (
        f"Terms stand at {shortened(address)}, which this market does not fetch: read them, and upload them "
        "as a .txt file if they are RSL."
    )
    return Term("rsl", shortened(statement), "condition", sentence)


def _tags(text: str) -> Iterator[Placed]:
    for match in _TAG.finditer(text):
        attributes = _attributes(match[0])
        name = (attributes.get("http-equiv") or attributes.get("name") or "").strip().lower()
        if name == "content-usage":
            for term in aipref.read(attributes.get("content", "").strip()):
                yield match.start(), term
        elif "license" in attributes.get("rel", "").lower().split():
            address = attributes.get("href", "")
            yield match.start(), _named_terms(f"link rel=license {address}", address)


class _TagReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.attributes |= {name: value or "" for name, value in attrs}


def _attributes(tag: str) -> dict[str, str]:
    reader = _TagReader()
    reader.feed(tag)
    reader.close()
    return reader.attributes


def _elements(text: str) -> Iterator[Placed]:
    at, count = 0, 0
    while (match := _RSL.search(text, at)) is not None:
        count += 1
        end = _end(text, match)
        if end is None or count > MOST_ELEMENTS:
            why = "it has no end" if end is None else f"there are more than {MOST_ELEMENTS} of them"
            yield match.start(), unreadable("rsl", text[match.start() : match.start() + 200], why)
            return
        if end - match.start() > MOST_ELEMENT:
            yield (
                match.start(),
                unreadable("rsl", f"<{match[1]}>", f"it is longer than {MOST_ELEMENT:,} letters"),
            )
        else:
            for term in rsl.read(text[match.start() : end]):
                yield match.start(), term
        at = end
    if count == 0 and (named := _NAMESPACED.search(text)) is not None:
        yield named.start(), unreadable("rsl", named[0], "its parts stand outside an element <rsl>")


def _end(text: str, match: re.Match[str]) -> int | None:
    """Behind the element; one that closes itself ends with its own tag."""
    opened = text.find(">", match.end())
    if opened > 0 and text[opened - 1] == "/":
        return opened + 1
    closed = text.find(f"</{match[1]}", match.end())
    end = text.find(">", closed) if closed > 0 else -1
    return end + 1 if end > 0 else None


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1].strip() if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
