"""Refunds as questions: each says what its reversals gave back, and every reversal of an answer has one."""

from accounting.checking.question import Question

QUESTIONS = (
    Question(
        7,
        "refund",
        "it is not what came back to the wallet of its receipt",
        """SELECT f.id FROM accounting_refund f JOIN accounting_receipt r ON r.id = f.receipt_id
        WHERE f.amount_micro_usd <> (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.operation_id = f.operation_id AND t.credit_account_id = r.wallet_id
            AND t.phase = 'posted')""",
    ),
    Question(
        7,
        "receipt",
        "more was refunded than was paid",
        """SELECT r.id FROM accounting_refund f JOIN accounting_receipt r ON r.id = f.receipt_id
        GROUP BY r.id, r.total_micro_usd HAVING SUM(f.amount_micro_usd) > r.total_micro_usd""",
    ),
    Question(
        7,
        "transfer",
        "it reverses an answer's transfer and belongs to no refund of its receipt",
        """SELECT t.id FROM accounting_transfer t
        JOIN accounting_transfer o ON o.id = t.reverses_id AND o.hold_id IS NOT NULL
        LEFT JOIN accounting_refund f ON f.operation_id = t.operation_id
        LEFT JOIN accounting_receipt r ON r.id = f.receipt_id
        WHERE r.id IS NULL OR r.hold_id <> o.hold_id""",
    ),
    Question(
        6,
        "refund",
        "it gave nats back although tokens of the answer were delivered",
        """SELECT f.id FROM accounting_refund f JOIN accounting_receipt r ON r.id = f.receipt_id
        JOIN accounting_hold h ON h.id = r.hold_id WHERE f.nano_nats > 0 AND h.tokens_delivered > 0""",
    ),
)
