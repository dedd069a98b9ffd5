"""A policy in plain words, one sentence a rule, for the portal and for `/policy/validate`."""

from marketplace.policy.policy import Policy


def sentences(policy: Policy) -> list[str]:
    """Everything the policy says, in the order an owner would ask."""
    return [sentence for clause in policy.clauses for sentence in clause.sentences()]
