"""The rules of payouts: no earnings are held twice, and a payout's state is what its transfers say.

Earnings keep no totals, so the row of the account is what two requests wait for each other at: it is taken
before the sum is looked at. Answers never take it.
"""

from accounting.database_rules.rule import Effect, Refuse, Rule

ONE_HOLD_AT_A_TIME = Effect(
    "PERFORM 1 FROM accounting_account WHERE id = NEW.debit_account_id FOR NO KEY UPDATE",
    only_on="postgresql",  # SQLite has one writer
)
WITHIN_EARNINGS = Refuse(
    """EXISTS (SELECT 1 FROM accounting_account a WHERE a.id = NEW.debit_account_id AND a.kind = 'earnings')
    AND (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
        WHERE t.credit_account_id = NEW.debit_account_id AND t.phase IN ('posted', 'post_pending'))
    < (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
        WHERE t.debit_account_id = NEW.debit_account_id AND t.hold_id IS NULL
        AND t.phase IN ('posted', 'post_pending'))
    + (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
        WHERE t.debit_account_id = NEW.debit_account_id AND t.hold_id IS NULL AND t.phase = 'pending'
        AND NOT EXISTS (SELECT 1 FROM accounting_transfer r WHERE r.pending_id = t.id))""",
    "rule 2: more earnings cannot be held than there are",
)
HOLDS_WHAT_IT_SAYS = Refuse(
    """NEW.state <> 'requested' OR NEW.amount_micro_usd <>
    (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t WHERE t.operation_id = NEW.operation_id
        AND t.phase = 'pending')""",
    "rule 3: a payout begins with its whole amount held",
)
TERMS = Refuse(
    """NEW.id <> OLD.id OR NEW.payee <> OLD.payee OR NEW.amount_micro_usd <> OLD.amount_micro_usd
    OR NEW.operation_id <> OLD.operation_id OR NEW.requested_at <> OLD.requested_at
    OR NEW.requested_by <> OLD.requested_by
    OR (OLD.sent_id IS NOT NULL AND (NEW.sent_id IS NULL OR NEW.sent_id <> OLD.sent_id))""",
    "the terms of a payout never change",
)
FORWARD_ONLY = Refuse(
    """NOT ((OLD.state = 'requested' AND NEW.state IN ('approved', 'refused', 'cancelled'))
    OR (OLD.state = 'approved' AND NEW.state IN ('paid', 'returned'))
    OR (OLD.state = 'paid' AND NEW.state = 'returned'))""",
    "rule 3: a payout is decided once and paid once",
)
ENDED_AS_ITS_HOLDS = Refuse(
    """OLD.state = 'requested' AND EXISTS (SELECT 1 FROM accounting_transfer p
    WHERE p.operation_id = NEW.operation_id AND p.phase = 'pending' AND NOT EXISTS (
        SELECT 1 FROM accounting_transfer r WHERE r.pending_id = p.id AND r.amount = p.amount
        AND r.phase = CASE NEW.state WHEN 'approved' THEN 'post_pending' ELSE 'void' END))""",
    "rule 3: an approved payout is posted whole, any other is given back whole",
)
SENT_WHOLE = Refuse(
    """NEW.sent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounting_transfer t
    JOIN accounting_account d ON d.id = t.debit_account_id AND d.kind = 'payouts'
    WHERE t.id = NEW.sent_id AND t.amount = NEW.amount_micro_usd AND t.phase = 'posted')""",
    "rule 3: what is sent is the payout's whole amount",
)
CAME_BACK_WHOLE = Refuse(
    """NEW.state = 'returned' AND EXISTS (SELECT 1 FROM accounting_transfer o WHERE (o.id = NEW.sent_id
        OR o.pending_id IN (SELECT p.id FROM accounting_transfer p WHERE p.operation_id = NEW.operation_id))
    AND o.amount <> (SELECT COALESCE(SUM(b.amount), 0) FROM accounting_transfer b
        WHERE b.reverses_id = o.id))""",
    "rule 3: a payout comes back whole",
)
KEPT = Refuse("1 = 1", "append-only: rows of the books are never deleted")

RULES: tuple[Rule, ...] = (
    Rule(
        "accounting_transfer",
        "INSERT",
        (ONE_HOLD_AT_A_TIME, WITHIN_EARNINGS),
        about="payout",
        only_when="NEW.phase = 'pending' AND NEW.hold_id IS NULL AND NEW.asset = 'micro_usd'",
    ),
    Rule("accounting_payout", "INSERT", (HOLDS_WHAT_IT_SAYS,)),
    Rule(
        "accounting_payout",
        "UPDATE",
        (FORWARD_ONLY, TERMS, ENDED_AS_ITS_HOLDS, SENT_WHOLE, CAME_BACK_WHOLE),
    ),
    Rule("accounting_payout", "DELETE", (KEPT,)),
)
