"""Rule 7 as questions: every line leads to a receipt, and receipts say exactly what moved."""

from accounting.checking.question import Question

QUESTIONS = (
    Question(
        7,
        "hold",
        "it was settled without a receipt, or has one without being settled",
        """SELECT h.id FROM accounting_hold h LEFT JOIN accounting_receipt r ON r.hold_id = h.id
        WHERE (h.state IN ('settled', 'expired') AND r.id IS NULL)
        OR (h.state IN ('open', 'voided') AND r.id IS NOT NULL)""",
    ),
    Question(
        7,
        "receipt",
        "its total is not what left the wallet",
        """SELECT r.id FROM accounting_receipt r JOIN accounting_hold h ON h.id = r.hold_id
        WHERE r.wallet_id <> h.wallet_id OR r.total_micro_usd <> r.charges_micro_usd + r.fee_micro_usd
        OR r.total_micro_usd <> (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.hold_id = r.hold_id AND t.debit_account_id = r.wallet_id
            AND t.phase IN ('posted', 'post_pending'))""",
    ),
    Question(
        7,
        "receipt",
        "its lines do not sum to its charges",
        """SELECT r.id FROM accounting_receipt r WHERE r.charges_micro_usd <> (
            SELECT COALESCE(SUM(l.charge_micro_usd + l.floor_top_up_micro_usd), 0)
            FROM accounting_receiptline l WHERE l.receipt_id = r.id)""",
    ),
    Question(
        7,
        "receipt",
        "the platform got another fee than it says",
        """SELECT r.id FROM accounting_receipt r WHERE r.fee_micro_usd <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            JOIN accounting_account a ON a.id = t.credit_account_id AND a.kind = 'platform_fee'
            WHERE t.hold_id = r.hold_id AND t.phase = 'posted')""",
    ),
    Question(
        7,
        "receipt",
        "a spend cap of its key was used for something else than its total",
        """SELECT r.id FROM accounting_receipt r, accounting_hold h, NUMBERS(h.spend_cap_account_ids) e
        WHERE h.id = r.hold_id AND r.total_micro_usd <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.hold_id = h.id AND t.debit_account_id = CAST(e.value AS bigint)
            AND t.phase IN ('posted', 'post_pending'))""",
    ),
    Question(
        7,
        "receipt line",
        "the owner got something else than it says",
        """SELECT rl.id FROM accounting_receiptline rl JOIN accounting_receipt r ON r.id = rl.receipt_id
        WHERE rl.charge_micro_usd + rl.floor_top_up_micro_usd <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            JOIN accounting_holdline l ON l.id = t.line_id AND l.label = rl.label
            WHERE t.hold_id = r.hold_id AND t.phase = 'posted'
            AND t.credit_account_id = rl.earnings_account_id)""",
    ),
    Question(
        7,
        "transfer",
        "it moved an answer's money and leads to no receipt",
        """SELECT t.id FROM accounting_transfer t
        JOIN accounting_account d ON d.id = t.debit_account_id
        JOIN accounting_account c ON c.id = t.credit_account_id
        LEFT JOIN accounting_receipt r ON r.hold_id = t.hold_id
        WHERE t.phase IN ('posted', 'post_pending') AND r.id IS NULL AND t.reverses_id IS NULL
        AND ((d.kind = 'wallet' AND c.kind = 'clearing') OR c.kind IN ('earnings', 'platform_fee'))""",
    ),
)
