"""What the database itself refuses of agreements: changed terms, steps back, another source's policy."""

from accounting.database_rules.rule import Refuse, Rule

_TABLE = "marketplace_agreement"
_OF_THE_SOURCE = Refuse(
    """NOT EXISTS (SELECT 1 FROM marketplace_policyversion v
    WHERE v.id = NEW.policy_version_id AND v.source_id = NEW.source_id)""",
    "an agreement is bound to a policy of its own source",
)
_TERMS = Refuse(
    """NEW.id <> OLD.id OR NEW.source_id <> OLD.source_id OR NEW.consumer_id <> OLD.consumer_id
    OR NEW.purpose <> OLD.purpose OR NEW.requested_at <> OLD.requested_at
    OR (NEW.statement <> OLD.statement AND NEW.statement <> '')""",
    "what was agreed never changes; a statement can only be erased",
)
_FORWARD_ONLY = Refuse(
    """NEW.state <> OLD.state AND NOT (OLD.state = 'requested'
    OR (OLD.state = 'in_force' AND NEW.state = 'ended'))""",
    "an agreement is decided once and ends once",
)
_KEPT = Refuse("1 = 1", "agreements are never deleted: receipts name them")

RULES: tuple[Rule, ...] = (
    Rule(_TABLE, "INSERT", (_OF_THE_SOURCE,)),
    Rule(_TABLE, "UPDATE", (_TERMS, _FORWARD_ONLY, _OF_THE_SOURCE)),
    Rule(_TABLE, "DELETE", (_KEPT,)),
)
