"""Who may use a source: organisations, groups and proved domains; deny wins."""

import pytest

from marketplace.policy import plain
from marketplace.policy.sentences import sentences
from tests.marketplace.policy.asking import ask, denied, places, policy, problems, rule

LABS = {"groups": frozenset({"labs"})}
LAB = {"domains": frozenset({"lab.example.org"})}


@pytest.mark.parametrize(
    ("allow", "deny", "asking", "expected"),
    [
        ([], [], {}, "consumer"),
        (["*"], [], {}, None),
        (["buyer"], [], {}, None),
        (["other"], [], {}, "consumer"),
        (["*"], ["buyer"], {}, "consumer"),
        (["group:labs"], [], {}, "consumer"),
        (["group:labs"], [], LABS, None),
        (["labs"], [], LABS, "consumer"),
        (["*"], ["group:labs"], LABS, "consumer"),
        (["buyer"], ["group:labs"], LABS, "consumer"),
        (["group:labs"], ["buyer"], LABS, "consumer"),
        (["domain:lab.example.org"], [], LAB, None),
        (["domain:example.org"], [], LAB, "consumer"),
        (["domain:lab.example.org"], [], {"domains": frozenset({"example.org"})}, "consumer"),
        (["*"], ["domain:lab.example.org"], LAB, "consumer"),
        (["*"], ["domain:example.org"], LAB, "consumer"),
        (["*"], ["domain:ample.org"], LAB, None),
        (["lab.example.org"], [], LAB, "unreadable"),
        (["group:labs", "domain:lab.example.org"], [], LAB, None),
    ],
)
def test_a_consumer_is_known_by_its_name_its_groups_and_its_domains(allow, deny, asking, expected):
    consumers = {"allow": allow, "deny": deny}
    if expected == "unreadable":
        assert places(consumers=consumers) == ["$.consumers.allow"]
    else:
        assert rule(policy(consumers=consumers).verify(ask(**asking))) == expected


@pytest.mark.parametrize(
    "name",
    ["Acme", "group:", "group:Big Labs", "domain:", "domain:localhost", "domain:Example.org", "domain:-a.org",
     "domain:a..org", "team:a", "a" * 65, "domain:" + "a." * 130 + "org"],
)  # fmt: skip
def test_a_name_that_nobody_can_bear_is_refused_at_its_place(name):
    assert places(consumers={"allow": [name]}) == ["$.consumers.allow"]
    assert places(consumers={"allow": ["*"], "deny": [name]}) == ["$.consumers.deny"]


@pytest.mark.parametrize("name", ["acme", "group:labs", "domain:example.org"])
def test_nobody_is_both_allowed_and_denied(name):
    ((path, sentence),) = problems(consumers={"allow": [name], "deny": [name]})
    assert path == "$.consumers"
    assert name.rpartition(":")[2] in sentence


def test_a_no_gives_the_values_that_decided():
    answer = denied(policy(consumers={"allow": ["acme"], "deny": ["group:labs"]}).verify(ask(**LABS)))
    assert answer.reason == "The policy denies the group 'labs'."
    assert answer.values == {
        "consumer": "buyer", "groups": ["labs"], "domains": [], "allowed": ["acme"], "denied": ["group:labs"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("consumers", "sentence"),
    [
        ({"allow": []}, "No organisation may use it: nobody is allowed yet."),
        ({"allow": ["*"]}, "Every organisation may use it."),
        (
            {"allow": ["*"], "deny": ["acme", "domain:a.org"]},
            "Every organisation may use it, except the organisation 'acme' and the domain 'a.org'.",
        ),
        (
            {"allow": ["group:labs", "acme"]},
            "Only the organisation 'acme' and the group 'labs' may use it.",
        ),
    ],
)
def test_it_is_said_in_words(consumers, sentence):
    assert sentences(policy(consumers=consumers))[0] == sentence


def test_an_empty_policy_allows_nobody():
    assert rule(plain.parse({}).verify(ask())) == "consumer"
