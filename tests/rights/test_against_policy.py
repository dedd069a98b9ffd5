"""What a policy allows although a text's own terms do not is named, term by term."""

import pytest

from marketplace.rights.against_policy import differences
from tests.builders import policy


@pytest.mark.parametrize(
    ("draft", "changes", "sentences"),
    [
        ({}, {}, []),
        ({"consumers": {"allow": []}}, {}, ["The policy lets organisations rest answers on the text."]),
        ({"consumers": {"allow": []}}, {"consumers": {"allow": []}}, []),
        ({"purposes": {"deny": ["research"]}}, {"purposes": {"allow": ["medical-research"]}},
         ["The policy allows the purpose 'medical-research'."]),
        ({"purposes": {"deny": ["commercial"]}}, {"purposes": {"allow": ["*"], "deny": ["commercial"]}}, []),
        ({"purposes": {"allow": ["education"]}}, {"purposes": {"allow": ["teaching", "personal"]}},
         ["The policy allows the purpose 'personal'."]),
        ({"countries": {"deny": ["US"]}}, {}, ["The policy allows consumers in US."]),
        ({"countries": {"deny": ["US"]}}, {"countries": {"allow": ["DE"]}}, []),
        ({"countries": {"allow": ["DE", "FR"]}}, {}, ["The policy allows consumers outside DE, FR."]),
        ({"countries": {"allow": ["DE", "FR"]}}, {"countries": {"allow": ["DE"]}}, []),
        ({"quote": False}, {"quote": True}, ["The policy lets passages be quoted."]),
        ({"quote": False}, {}, []),
        ({"floor_price_micro_usd": 15000}, {"floor_price_micro_usd": 10},
         ["The policy asks for less than 15,000 micro-USD an answer."]),
        ({"approval": "required"}, {},
         ["The policy lets consumers use the text without asking you first."]),
        ({"attribution_notice": "A"}, {}, ["The policy asks for no attribution notice."]),
        ({"attribution_notice": "A"}, {"attribution_notice": "B"}, []),
    ],
)  # fmt: skip
def test_a_policy_that_allows_more_than_the_text_is_told_so(draft, changes, sentences):
    assert differences(draft, policy(**changes)) == sentences
