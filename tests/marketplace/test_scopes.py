"""What a key may be used for: wide scopes hold narrow ones, and what is not known is never held."""

import pytest

from marketplace import scopes


@pytest.mark.parametrize(
    ("scope", "method", "needed"),
    [
        ("sources", "GET", "sources:read"),
        ("sources", "HEAD", "sources:read"),
        ("sources", "POST", "sources:write"),
        ("sources", "DELETE", "sources:write"),
        ("sources:read", "POST", "sources:read"),
        ("account", "POST", "account"),
        ("plan", "POST", "plan"),
    ],
)
def test_an_endpoint_needs_the_part_for_its_method(scope, method, needed):
    assert scopes.needed(scope, method) == needed


@pytest.mark.parametrize(
    ("held", "wanted", "allowed"),
    [
        (["sources"], "sources:write", True),
        (["sources"], "training", True),
        (["sources:write"], "sources:read", False),
        (["sources:read"], "sources", False),
        (["answers"], "plan", True),
        (["plan"], "answers", False),
        (list(scopes.SCOPES), "everything", False),
        (["everything"], "everything", False),
        ([], "answers", False),
    ],
)
def test_a_wider_scope_holds_the_narrower_and_never_the_other_way(held, wanted, allowed):
    assert scopes.allows(held, wanted) == allowed


def test_every_scope_lies_within_one_that_is_known():
    assert {one.within for one in scopes.SCOPES.values()} - {None} <= set(scopes.SCOPES)
    assert set(scopes.USUAL) <= set(scopes.SCOPES)
