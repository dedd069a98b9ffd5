"""What an owner allows, as small frozen clauses. Pure Python: no framework, no database.

`plain.parse` reads a policy, `Policy.verify` answers one request, `Policy.explain` says how it came to that,
and `sentences.sentences` says the policy in words. Deny wins over allow, and no matching rule is no. A new
kind of clause is one file in `kinds` and one line in `kinds/__init__.py`.
"""
