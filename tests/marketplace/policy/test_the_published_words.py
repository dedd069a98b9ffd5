"""docs/policies.md is true: every example is taken and said in these sentences, and no clause is left out."""

import json
import re
from pathlib import Path

import pytest

from marketplace.policy import kinds, plain, purposes
from marketplace.policy.clause import Clause
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import policy

PAGE = (Path(__file__).parents[3] / "docs" / "policies.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)\n```\n((?:> [^\n]*\n)+)", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(("written", "said"), EXAMPLES)
def test_an_example_is_taken_and_said_in_these_sentences(written, said):
    found = sentences(policy(**json.loads(written)))
    assert [line for line in re.findall(r"> (.*)", said) if line not in found] == []


def test_every_clause_has_an_example():
    exemplified = {term for written, _ in EXAMPLES for term in json.loads(written)}
    assert exemplified == set(plain.terms())
    rules = set(re.findall(r"^\| \[[^|]*\|[^|]*\| `([a-z_]+)` \|", PAGE, flags=re.MULTILINE))
    judging = {kind.kind for kind in kinds.KINDS if kind.verify is not Clause.verify}
    assert rules == judging | {"budget"}


def test_every_purpose_stands_in_the_table_beside_those_below_it():
    for one in purposes.PURPOSES.values():
        assert re.search(rf"^\| .*`{one.slug}`", PAGE, flags=re.MULTILINE)
