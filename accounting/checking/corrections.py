"""General transfers as questions: corrections within what they correct, pending ones ended in time."""

from accounting.checking.question import Question

QUESTIONS = (
    Question(
        3,
        "transfer",
        "it corrects something that it does not run back from",
        """SELECT t.id FROM accounting_transfer t LEFT JOIN accounting_transfer o ON o.id = t.reverses_id
        WHERE t.reverses_id IS NOT NULL AND (o.id IS NULL OR t.phase <> 'posted'
        OR o.phase NOT IN ('posted', 'post_pending') OR o.asset <> t.asset
        OR o.debit_account_id <> t.credit_account_id OR o.credit_account_id <> t.debit_account_id)""",
    ),
    Question(
        3,
        "transfer",
        "more was reversed than it moved",
        """SELECT o.id FROM accounting_transfer t JOIN accounting_transfer o ON o.id = t.reverses_id
        GROUP BY o.id, o.amount HAVING SUM(t.amount) > o.amount""",
    ),
    Question(
        3,
        "transfer",
        "it posted what had run out",
        """SELECT r.id FROM accounting_transfer r JOIN accounting_transfer p ON p.id = r.pending_id
        WHERE r.hold_id IS NULL AND r.phase = 'post_pending' AND p.expires_at <= r.created_at""",
    ),
    Question(
        6,
        "transfer",
        "it expired before its end",
        """SELECT r.id FROM accounting_transfer r JOIN accounting_transfer p ON p.id = r.pending_id
        WHERE r.hold_id IS NULL AND r.phase = 'expire'
        AND (p.expires_at IS NULL OR p.expires_at > r.created_at)""",
    ),
)
