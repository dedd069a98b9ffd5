"""Versions, their documents and published policies are written once: the database itself refuses a change.

Deleting a version's documents stays possible: erasing a document's row is a right of its own. Policies are
never deleted, because agreements and receipts name them.
"""

from accounting.database_rules.rule import Refuse, Rule

REFUSED = "written once: make the next version instead"
POLICIES = ("marketplace_policyversion", "marketplace_policycancellation")
TABLES = ("marketplace_sourceversion", "marketplace_document", *POLICIES)
RULES = (
    *(Rule(table, "UPDATE", (Refuse("1 = 1", REFUSED),)) for table in TABLES),
    *(
        Rule(table, "DELETE", (Refuse("1 = 1", "kept: published policies are never deleted"),))
        for table in POLICIES
    ),
)
