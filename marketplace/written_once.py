"""Versions, their documents and published policies are written once: the database itself refuses a change.

Deleting stays possible: erasing a document's row is a right of its own.
"""

from accounting.database_rules.rule import Refuse, Rule

REFUSED = "written once: make the next version instead"
TABLES = ("marketplace_sourceversion", "marketplace_document", "marketplace_policyversion")
RULES = tuple(Rule(table, "UPDATE", (Refuse("1 = 1", REFUSED),)) for table in TABLES)
