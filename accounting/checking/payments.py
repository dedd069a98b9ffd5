"""Rule 7 for money from outside, as questions: every top-up and debt says what the ledger says."""

from accounting.checking.question import Question

QUESTIONS = (
    Question(
        7,
        "debt of wallet",
        "it is not what its account owes",
        """SELECT d.wallet_id FROM accounting_debt d WHERE d.owed_micro_usd <>
        (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.debit_account_id = d.account_id AND t.phase IN ('posted', 'post_pending')) -
        (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.credit_account_id = d.account_id AND t.phase IN ('posted', 'post_pending'))""",
    ),
    Question(
        7,
        "owed account",
        "it belongs to no wallet",
        """SELECT a.id FROM accounting_account a WHERE a.kind = 'owed'
        AND NOT EXISTS (SELECT 1 FROM accounting_debt d WHERE d.account_id = a.id)""",
    ),
    Question(
        7,
        "wallets",
        "what top-ups brought in, less what was taken back, is not what came from outside",
        """SELECT 'in all' FROM (SELECT
            (SELECT COALESCE(SUM(amount_micro_usd - taken_back_micro_usd), 0) FROM accounting_topup
                WHERE state = 'paid') AS said,
            (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
                JOIN accounting_account f ON f.id = t.debit_account_id AND f.kind = 'funding'
                JOIN accounting_operation o ON o.id = t.operation_id AND o.kind = 'bring_in'
                WHERE t.phase IN ('posted', 'post_pending')) -
            (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
                JOIN accounting_account f ON f.id = t.credit_account_id AND f.kind = 'funding'
                JOIN accounting_operation o ON o.id = t.operation_id AND o.kind = 'take_back'
                WHERE t.phase IN ('posted', 'post_pending')) AS moved
        ) s WHERE s.said <> s.moved""",
    ),
    Question(
        7,
        "top-up",
        "more was claimed and taken back than stands",
        """SELECT u.id FROM accounting_topup u WHERE u.state = 'paid' AND u.taken_back_micro_usd >
        (SELECT COALESCE(SUM(c.amount_micro_usd), 0) FROM accounting_topupclaim c
            WHERE c.top_up_id = u.id AND c.stands)""",
    ),
)
