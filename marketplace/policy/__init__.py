"""What an owner allows, as small frozen clauses. Pure Python: no framework, no database."""
