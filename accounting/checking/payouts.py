"""Payouts as questions: each one's state is what its transfers say, and nothing else waits to be sent."""

from accounting.checking.question import Question

_HELD = "SELECT p.id FROM accounting_transfer p WHERE p.operation_id = o.operation_id AND p.phase = 'pending'"

QUESTIONS = (
    Question(
        1,
        "payouts account",
        "it does not hold exactly what is approved and not yet sent",
        """SELECT a.id FROM accounting_account a WHERE a.kind = 'payouts' AND
        (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.credit_account_id = a.id AND t.phase IN ('posted', 'post_pending')) -
        (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.debit_account_id = a.id AND t.phase IN ('posted', 'post_pending')) <>
        (SELECT COALESCE(SUM(o.amount_micro_usd), 0) FROM accounting_payout o WHERE o.state = 'approved')""",
    ),
    Question(
        3,
        "payout",
        "what was held for it is not its amount",
        """SELECT o.id FROM accounting_payout o WHERE o.amount_micro_usd <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.operation_id = o.operation_id AND t.phase = 'pending')""",
    ),
    Question(
        3,
        "payout",
        "its holds did not end as it did",
        f"""SELECT o.id FROM accounting_payout o WHERE
        (SELECT COUNT(*) FROM accounting_transfer r WHERE r.pending_id IN ({_HELD})
            AND r.phase = CASE WHEN o.state IN ('refused', 'cancelled') THEN 'void'
                WHEN o.state = 'requested' THEN 'none' ELSE 'post_pending' END
            AND r.amount = r.pending_amount)
        <> CASE o.state WHEN 'requested' THEN 0 ELSE (SELECT COUNT(*) FROM ({_HELD}) h) END
        OR (o.state = 'requested' AND EXISTS (
            SELECT 1 FROM accounting_transfer r WHERE r.pending_id IN ({_HELD})))""",  # noqa: S608 (our own text)
    ),
    Question(
        3,
        "payout",
        "it is paid and was not sent whole, or the other way round",
        """SELECT o.id FROM accounting_payout o LEFT JOIN accounting_transfer t ON t.id = o.sent_id
        WHERE (o.state = 'paid' AND (t.id IS NULL OR t.amount <> o.amount_micro_usd
            OR EXISTS (SELECT 1 FROM accounting_transfer b WHERE b.reverses_id = t.id)))
        OR (o.state NOT IN ('paid', 'returned') AND o.sent_id IS NOT NULL)""",
    ),
    Question(
        3,
        "payout",
        "it is returned and did not come back whole",
        f"""SELECT o.id FROM accounting_payout o WHERE o.state = 'returned' AND o.amount_micro_usd <> (
            SELECT COALESCE(SUM(b.amount), 0) FROM accounting_transfer b
            JOIN accounting_transfer r ON r.id = b.reverses_id WHERE r.pending_id IN ({_HELD}))""",  # noqa: S608
    ),
    Question(
        7,
        "transfer",
        "it took earnings out and belongs to no payout",
        """SELECT t.id FROM accounting_transfer t
        JOIN accounting_account c ON c.id = t.credit_account_id AND c.kind = 'payouts'
        JOIN accounting_account d ON d.id = t.debit_account_id AND d.kind = 'earnings'
        LEFT JOIN accounting_transfer p ON p.id = t.pending_id
        LEFT JOIN accounting_payout o ON o.operation_id = COALESCE(p.operation_id, t.operation_id)
        WHERE o.id IS NULL""",
    ),
)
