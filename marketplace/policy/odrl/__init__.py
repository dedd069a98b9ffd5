"""Policies as ODRL 2.2 JSON-LD with a profile of our own, both ways. Pure Python, like the policy itself.

`document.exported` writes the plain form as an Offer, `document.imported` reads one strictly or says all that
is wrong with it, `canonical` gives both the same bytes. What each kind of clause is in ODRL stands in the
kind's own file, as `forms`; this package knows none of them. `vocabulary` collects the terms that they
define, `context` publishes them. Described in docs/odrl-profile.md.
"""
