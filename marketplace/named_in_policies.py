"""Whether what a policy names exists, where only the database knows: groups of consumers.

Asked when a policy is saved. A published one is not asked again: who is in no such group is not meant by it.
"""

from marketplace import consumers
from marketplace.policy.parties import GROUP
from marketplace.policy.policy import Policy
from marketplace.policy.problems import UNKNOWN_TERM, PolicyInvalid, Problem


def require_known_groups(policy: Policy) -> None:
    """PolicyInvalid with every place that names none. One query, and none where no group is named."""
    named = [(place, party) for place, party in policy.parties() if party.startswith(GROUP)]
    known = consumers.known_groups() if named else frozenset()
    groups = ((place, party.removeprefix(GROUP)) for place, party in named)
    problems = [
        Problem(place, f"There is no group '{slug}' on this market.", UNKNOWN_TERM)
        for place, slug in groups
        if slug not in known
    ]
    if problems:
        raise PolicyInvalid(tuple(problems))
