"""Rules 3, 5 and 6 as questions: posted once and within the hold, nothing drawn without, lost ones ended."""

from accounting.checking.question import Question

QUESTIONS = (
    Question(
        3,
        "transfer",
        "it resolves something else than one pending transfer, or for more than was held",
        """SELECT r.id FROM accounting_transfer r LEFT JOIN accounting_transfer p ON p.id = r.pending_id
        WHERE r.pending_id IS NOT NULL AND (p.id IS NULL OR p.phase <> 'pending'
        OR r.amount > p.amount OR r.pending_amount <> p.amount
        OR r.debit_account_id <> p.debit_account_id OR r.credit_account_id <> p.credit_account_id
        OR COALESCE(CAST(r.hold_id AS text), '') <> COALESCE(CAST(p.hold_id AS text), ''))""",
    ),
    Question(
        3,
        "transfer",
        "it was resolved more than once",
        """SELECT r.pending_id FROM accounting_transfer r WHERE r.pending_id IS NOT NULL
        GROUP BY r.pending_id HAVING COUNT(*) > 1""",
    ),
    Question(
        3,
        "hold",
        "something moved for it although it is still open",
        """SELECT h.id FROM accounting_hold h WHERE h.state = 'open' AND EXISTS (
            SELECT 1 FROM accounting_transfer t WHERE t.hold_id = h.id AND t.phase <> 'pending')""",
    ),
    Question(
        5,
        "seat of a hold",
        "more was drawn or delivered than is held",
        """SELECT l.id FROM accounting_holdline l JOIN accounting_hold h ON h.id = l.hold_id
        WHERE l.drawn_nano_nats > l.held_nano_nats OR l.delivered_nano_nats > l.drawn_nano_nats
        OR l.held_nano_nats > l.cap_nano_nats OR h.tokens_delivered > h.tokens_drawn""",
    ),
    Question(
        5,
        "hold",
        "more left the wallet than it held",
        """SELECT h.id FROM accounting_hold h JOIN accounting_receipt r ON r.hold_id = h.id
        WHERE r.total_micro_usd > h.held_micro_usd""",
    ),
    Question(
        5,
        "seat of a hold",
        "its hold or the account that it pays does not exist",
        """SELECT l.id FROM accounting_holdline l LEFT JOIN accounting_hold h ON h.id = l.hold_id
        LEFT JOIN accounting_account a ON a.id = l.earnings_account_id WHERE h.id IS NULL OR a.id IS NULL""",
    ),
    Question(
        6,
        "seat of a hold",
        "the nats that its budgets spent are not those of its receipt",
        """SELECT l.id FROM accounting_holdline l, accounting_receipt r, accounting_receiptline rl,
            NUMBERS(l.budget_account_ids) e
        WHERE r.hold_id = l.hold_id AND rl.receipt_id = r.id AND rl.label = l.label
        AND rl.drawn_nano_nats <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.hold_id = l.hold_id AND t.line_id = l.id AND t.debit_account_id = CAST(e.value AS bigint)
            AND t.phase IN ('posted', 'post_pending'))""",
    ),
    Question(
        6,
        "seat of a hold",
        "it did not end with what its watermark says",
        """SELECT l.id FROM accounting_holdline l
        JOIN accounting_hold h ON h.id = l.hold_id
        JOIN accounting_receipt r ON r.hold_id = h.id
        JOIN accounting_receiptline rl ON rl.receipt_id = r.id AND rl.label = l.label
        WHERE rl.drawn_nano_nats < l.drawn_nano_nats OR (h.state = 'expired' AND (
            rl.nano_nats <> l.delivered_nano_nats OR rl.drawn_nano_nats <>
            CASE l.charged_by WHEN 'blocks' THEN l.held_nano_nats ELSE l.drawn_nano_nats END))""",
    ),
    Question(
        6,
        "hold",
        "it was given back although tokens were drawn",
        "SELECT h.id FROM accounting_hold h WHERE h.state = 'voided' AND h.tokens_drawn > 0",
    ),
)
