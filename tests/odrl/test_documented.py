"""docs/odrl-profile.md, the context and the code have the same terms, and the document's example is true."""

import json
import re
from pathlib import Path

from marketplace.policy.odrl import context
from marketplace.policy.odrl.document import imported
from marketplace.policy.odrl.terms import prefixes
from marketplace.policy.odrl.vocabulary import terms
from tests.odrl.policies import PLACE

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "odrl-profile.md").read_text()
ROW = re.compile(r"^\| `abc:([\w-]+)` \| (\w+) \| (.+) \|$", re.MULTILINE)


def test_the_page_has_every_term_with_its_kind_and_meaning() -> None:
    written = [(name, kind, meaning) for name, kind, meaning in ROW.findall(DOCUMENT)]
    assert written == [(term.name, term.kind, term.meaning) for term in terms()]


def test_the_profile_has_every_term_of_the_page() -> None:
    graph = context.document(PLACE.base)["@graph"]
    served = {node["@id"]: node["skos:definition"] for node in graph if "skos:definition" in node}
    assert served == {f"abc:{name}": meaning for name, _, meaning in ROW.findall(DOCUMENT)}


def test_the_page_names_every_prefix() -> None:
    for prefix in prefixes(PLACE.base):
        assert f"`{prefix}:" in DOCUMENT, prefix


def test_the_example_is_an_offer_that_is_taken() -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    plain = imported(json.loads(example), PLACE)
    assert plain["purposes"] == {"allow": ["research"]}
    assert plain["consumers"] == {"deny": ["group:rivals"], "allow": ["*"]}
    assert (plain["price_micro_usd_per_nat"], plain["approval"]) == (20, "required")


def test_every_meaning_is_one_sentence() -> None:
    for term in terms():
        assert term.meaning.endswith("."), term
        assert term.meaning[0].isupper(), term
