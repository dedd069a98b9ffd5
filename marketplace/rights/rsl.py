"""RSL 1.0: what one `<rsl>` element says, as terms with drafts of clauses.

Read by a parser that takes no entities and no document type. Every element, attribute and token is either
known here or becomes a term that says it is not. Where `<permits type="usage">` stands, what it does not
name is not permitted; that is the standard's own rule.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from marketplace.rights.terms import NOBODY, Term, Verdict, shortened, unknown, unreadable

NAMESPACE = "https://rslstandard.org/rsl"
_PREFIX = f"{{{NAMESPACE}}}"
_TRAIN, _INPUT, _SEARCH = (frozenset({use}) for use in ("ai-train", "ai-input", "search"))
_AI = frozenset({"ai-train", "ai-input", "ai-index"})
# Each usage token as the uses that it covers; the last four are of drafts before 1.0.
_USAGE: Mapping[str, frozenset[str]] = {
    "all": _AI | _SEARCH, "ai-all": _AI, "ai-train": _TRAIN, "ai-input": _INPUT,
    "ai-index": frozenset({"ai-index"}), "search": _SEARCH,
    "train-ai": _TRAIN, "train-genai": _TRAIN, "ai-use": _INPUT, "ai-summarize": _INPUT,
}  # fmt: skip
# Kinds of users as the purposes of this market that come closest.
_USERS: Mapping[str, tuple[str, ...]] = {
    "commercial": ("commercial",),
    "non-commercial": ("education", "personal", "public-service", "research"),
    "education": ("education",),
    "government": ("public-service",),
    "personal": ("personal",),
}
_PAYMENTS: Mapping[str, str] = {
    "purchase": "a purchase", "subscription": "a subscription", "training": "a payment for training",
    "crawl": "a payment per crawl", "use": "a payment per use in an answer", "contribution": "a contribution",
    "attribution": "attribution", "free": "nothing",
}  # fmt: skip
_COUNTRY = re.compile(r"[A-Z]{2}")
_CREDIT = "Rests on a text whose RSL terms ask for attribution."
APPROVAL: Mapping[str, Any] = {"approval": "required"}


def read(xml: str) -> list[Term]:
    """The terms of one element `<rsl>`."""
    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        return [unreadable("rsl", xml, f"it is not well-formed XML ({type(error).__name__})")]
    if root.tag != f"{_PREFIX}rsl":
        return [unreadable("rsl", xml, f"it is not in the namespace {NAMESPACE}")]
    terms = [*_strange(root, "", ()), *(term for one in root for term in _top(one))]
    return terms or [unreadable("rsl", xml, "it states no terms")]


def _top(element: Element) -> Iterator[Term]:
    if _name(element) == "content":
        yield from _content(element)
    else:
        yield unknown("rsl", _source(element), f"The element <{_name(element)}>")


def _content(content: Element) -> Iterator[Term]:
    about = f"{content.get('url', '(no url)')}: "
    yield from _strange(content, about, ("url", "server", "encrypted", "lastmod"))
    server = content.get("server")
    if server:
        sentence = f"A licence has to be asked for at {shortened(server)} first: let each consumer ask you."
        yield Term("rsl", shortened(f"{about}server {server}"), "condition", sentence, dict(APPROVAL))
    for child in content:
        name = _name(child)
        if name == "license":
            yield from _license(child, about)
        elif name in {"terms", "reporting"}:
            yield _further(child, about)
        elif name not in {"copyright", "schema"}:  # who owns it, and what it is: no term of use
            yield unknown("rsl", f"{about}{_source(child)}", f"The element <{name}>")


def _license(element: Element, about: str) -> Iterator[Term]:
    yield from _strange(element, about, ())
    for child in element:
        name = _name(child)
        if name in {"permits", "prohibits"}:
            yield from _rule(child, about, permits=name == "permits")
        elif name == "payment":
            yield from _payment(child, about)
        elif name in {"legal", "terms", "reporting"}:
            yield _further(child, about)
        else:
            yield unknown("rsl", f"{about}{_source(child)}", f"The element <{name}>")


def _rule(element: Element, about: str, *, permits: bool) -> Iterator[Term]:
    yield from _strange(element, about, ("type",))
    kind, words = element.get("type", ""), _words(element)
    readers = {"usage": _usage, "user": _users, "geo": _geo}
    statement = f"{about}{_name(element)} {kind} {' '.join(words)}"
    if kind not in readers or not words:
        what = f"The type '{kind}'" if kind not in readers else "A rule without a word"
        yield unknown("rsl", statement, what)
        return
    yield from readers[kind](words, about, shortened(statement), permits=permits)


def _usage(words: list[str], about: str, statement: str, *, permits: bool) -> Iterator[Term]:
    yield from _unknown_words(words, _USAGE, about, "usage")
    named = frozenset[str]().union(*(_USAGE.get(word, frozenset()) for word in words))
    refused = (_AI | _SEARCH) - named if permits else named
    if not permits and not refused:
        return  # only words that are not known
    draft = {**(NOBODY if "ai-input" in refused else {}), **({"quote": False} if "search" in refused else {})}
    making = bool(refused & {"ai-train", "ai-index"})  # a partition is an adapter and an index
    verdict: Verdict = "permits" if permits and not refused & _AI else "forbids"
    says = "permits only" if permits else "prohibits"
    sentence = f"The licence {says} {_listed(words)}" + (
        ", so no partition may be made of the text: it is trained and indexed." if making else "."
    )
    yield Term("rsl", statement, verdict, sentence, draft, making)


def _users(words: list[str], about: str, statement: str, *, permits: bool) -> Iterator[Term]:
    yield from _unknown_words(words, _USERS, about, "user")
    purposes = sorted({purpose for word in words for purpose in _USERS.get(word, ())})
    if not purposes:
        return
    says = "permits only" if permits else "prohibits"
    sentence = f"The licence {says} {_listed(words)} use; as purposes here: {_listed(purposes)}."
    key = "allow" if permits else "deny"
    yield Term(
        "rsl", statement, "condition" if permits else "forbids", sentence, {"purposes": {key: purposes}}
    )


def _geo(words: list[str], about: str, statement: str, *, permits: bool) -> Iterator[Term]:
    countries = sorted({word for word in words if _COUNTRY.fullmatch(word)})
    yield from _unknown_words(words, dict.fromkeys(countries), about, "geo")
    if not countries:
        return
    sentence = f"The licence {'permits only' if permits else 'prohibits'} use in {_listed(countries)}."
    key = "allow" if permits else "deny"
    draft = {"countries": {key: countries}}
    yield Term("rsl", statement, "condition" if permits else "forbids", sentence, draft)


def _payment(element: Element, about: str) -> Iterator[Term]:
    yield from _strange(element, about, ("type",))
    kind, parts = element.get("type"), []
    for child in element:
        if _name(child) in {"standard", "custom", "amount", "accepts"}:
            parts.append(f"{_name(child)} {' '.join([*child.attrib.values(), *_words(child)])}")
        else:
            yield unknown("rsl", f"{about}payment {_source(child)}", f"The element <{_name(child)}>")
    statement = shortened(f"{about}payment {kind or ''} {'; '.join(parts)}")
    if kind is not None and kind not in _PAYMENTS:
        yield unknown("rsl", statement, f"The payment '{kind}'")
    elif kind == "free":
        yield Term("rsl", statement, "permits", "The licence asks for no payment.",
                   {"price_micro_usd_per_nat": 0})  # fmt: skip
    else:
        asked = _PAYMENTS.get(kind or "", "a payment that it does not name")
        yield Term("rsl", statement, "condition", f"The licence asks for {asked}.", _payment_draft(element))


def _payment_draft(element: Element) -> dict[str, Any]:
    kind, amount = element.get("type"), element.find(f"{_PREFIX}amount")
    if kind == "attribution":
        return {"attribution_notice": _CREDIT}
    micro_usd = None if amount is None or amount.get("currency") != "USD" else _micro_usd(amount.text or "")
    if kind == "use" and micro_usd is not None:
        return {"floor_price_micro_usd": micro_usd}
    return dict(APPROVAL)


def _micro_usd(text: str) -> int | None:
    """Rounded up: a draft never asks for less than the licence."""
    try:
        exact = Decimal(text.strip()) * 1_000_000
        return int(exact.to_integral_value("ROUND_CEILING")) if 0 <= exact <= 10**12 else None
    except InvalidOperation:
        return None


def _further(element: Element, about: str) -> Term:
    name = _name(element)
    sentence = f"The licence has <{name}>, which no clause here says: read it, and see that you keep to it."
    return Term("rsl", shortened(f"{about}{_source(element)}"), "condition", sentence)


def _unknown_words(words: list[str], known: Mapping[str, object], about: str, kind: str) -> Iterator[Term]:
    for word in words:
        if word not in known:
            yield unknown("rsl", f"{about}{kind} {word}", f"The {kind} '{word[:64]}'")


def _strange(element: Element, about: str, known: tuple[str, ...]) -> Iterator[Term]:
    """Attributes that have no place there."""
    for name, value in element.attrib.items():
        if name not in known:
            statement = f"{about}<{_name(element)} {_bare(name)}={value}>"
            yield unknown("rsl", statement, f"The attribute '{_bare(name)}'")


def _name(element: Element) -> str:
    """Without the namespace where it is RSL's own; otherwise as it is, so that it is known to nobody."""
    return str(element.tag).removeprefix(_PREFIX)


def _bare(name: str) -> str:
    return name.rpartition("}")[2][:64]


def _source(element: Element) -> str:
    """The element in one line, for the statement."""
    attributes = "".join(f" {_bare(name)}={value}" for name, value in element.attrib.items())
    inner = " ".join(" ".join(element.itertext()).split())
    return f"<{_bare(_name(element))}{attributes}> {inner}".strip()


def _words(element: Element) -> list[str]:
    return [word for word in re.split(r"[\s,]+", element.text or "") if word]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
