"""WHO and WHAT in the console, gathered from one module per part."""

from marketplace.console import (
    consumers,
    demand,
    duplicates,
    keys,
    organisations,
    payouts,
    people,
    policies,
    refunds,
    reviews,
    rights,
    sources,
    templates,
    training,
)

__all__ = [
    "consumers",
    "demand",
    "duplicates",
    "keys",
    "organisations",
    "payouts",
    "people",
    "policies",
    "refunds",
    "reviews",
    "rights",
    "sources",
    "templates",
    "training",
]
