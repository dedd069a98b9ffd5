"""What an owner allows, as small frozen clauses. Pure Python: no framework, no database.

`plain.parse` reads a policy, `Policy.verify` answers one request, `sentences.sentences` says it in words.
Deny wins over allow, and no matching rule is no. A new kind of clause is one class in `clauses` (or a file
beside it) and one line in `plain`.
"""
