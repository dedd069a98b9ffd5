"""The rules of general transfers: what a correction may undo, and when a pending one may end.

They stand apart from the rules of every transfer, behind a condition, so that the transfers of an answer do
not pay for them.
"""

from accounting.database_rules.rule import Effect, Refuse, Rule

ONE_CORRECTION_AT_A_TIME = Effect(
    "PERFORM 1 FROM accounting_transfer WHERE id = NEW.reverses_id FOR NO KEY UPDATE",
    only_on="postgresql",  # SQLite has one writer
)
RUNS_BACK = Refuse(
    """NOT EXISTS (SELECT 1 FROM accounting_transfer o WHERE o.id = NEW.reverses_id
    AND o.phase IN ('posted', 'post_pending') AND o.asset = NEW.asset
    AND o.debit_account_id = NEW.credit_account_id AND o.credit_account_id = NEW.debit_account_id)""",
    "rule 3: a reversal runs back between the accounts of a transfer that moved something",
)
WITHIN_THE_ORIGINAL = Refuse(
    """(SELECT SUM(t.amount) FROM accounting_transfer t WHERE t.reverses_id = NEW.reverses_id)
    > (SELECT o.amount FROM accounting_transfer o WHERE o.id = NEW.reverses_id)""",
    "rule 3: all reversals of a transfer together are never more than it moved",
)
NOT_POSTED_AFTER_ITS_END = Refuse(
    """NEW.phase = 'post_pending' AND EXISTS (SELECT 1 FROM accounting_transfer p
    WHERE p.id = NEW.pending_id AND p.expires_at <= NEW.created_at)""",
    "rule 3: what has run out is given back, never posted",
)
NOT_EXPIRED_BEFORE_ITS_END = Refuse(
    """NEW.phase = 'expire' AND NOT EXISTS (SELECT 1 FROM accounting_transfer p
    WHERE p.id = NEW.pending_id AND p.expires_at <= NEW.created_at)""",
    "rule 6: a pending transfer does not expire before its end",
)

RULES: tuple[Rule, ...] = (
    Rule(
        "accounting_transfer",
        "INSERT",
        (ONE_CORRECTION_AT_A_TIME, RUNS_BACK, WITHIN_THE_ORIGINAL),
        about="reversal",
        only_when="NEW.reverses_id IS NOT NULL",
    ),
    Rule(
        "accounting_transfer",
        "INSERT",
        (NOT_POSTED_AFTER_ITS_END, NOT_EXPIRED_BEFORE_ITS_END),
        about="end_of_pending",
        only_when="NEW.pending_id IS NOT NULL AND NEW.hold_id IS NULL",
    ),
)
