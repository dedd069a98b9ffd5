"""Rules 1, 2 and 4 as questions: the books balance, nothing is below zero, every write has one outcome."""

from accounting.checking.question import Question

QUESTIONS = (
    Question(
        1,
        "asset",
        "its debits are not its credits",
        """SELECT s.asset FROM (
            SELECT a.asset AS asset, t.amount AS debit, 0 AS credit FROM accounting_transfer t
            JOIN accounting_account a ON a.id = t.debit_account_id WHERE t.phase IN ('posted', 'post_pending')
            UNION ALL
            SELECT a.asset, 0, t.amount FROM accounting_transfer t
            JOIN accounting_account a ON a.id = t.credit_account_id
            WHERE t.phase IN ('posted', 'post_pending')
        ) s GROUP BY s.asset HAVING SUM(s.debit) <> SUM(s.credit)""",
    ),
    Question(
        1,
        "transfer",
        "its sides are not both of its asset",
        """SELECT t.id FROM accounting_transfer t
        JOIN accounting_account d ON d.id = t.debit_account_id
        JOIN accounting_account c ON c.id = t.credit_account_id
        WHERE d.asset <> t.asset OR c.asset <> t.asset OR t.amount <= 0""",
    ),
    Question(
        1,
        "transfer",
        "one of its accounts does not exist",
        """SELECT t.id FROM accounting_transfer t
        LEFT JOIN accounting_account d ON d.id = t.debit_account_id
        LEFT JOIN accounting_account c ON c.id = t.credit_account_id WHERE d.id IS NULL OR c.id IS NULL""",
    ),
    Question(
        1,
        "account",
        "its running totals are not the sums of its transfers",
        """SELECT a.id FROM accounting_account a
        LEFT JOIN (
            SELECT t.debit_account_id AS id,
                SUM(CASE WHEN t.phase IN ('posted', 'post_pending') THEN t.amount ELSE 0 END) AS posted,
                SUM(CASE WHEN t.phase = 'posted' AND g.kind IN ('influence_grant', 'spend_cap_grant')
                    THEN t.amount ELSE 0 END) AS withdrawn
            FROM accounting_transfer t JOIN accounting_account g ON g.id = t.credit_account_id
            GROUP BY t.debit_account_id
        ) d ON d.id = a.id
        LEFT JOIN (
            SELECT t.credit_account_id AS id, SUM(t.amount) AS posted FROM accounting_transfer t
            WHERE t.phase IN ('posted', 'post_pending') GROUP BY t.credit_account_id
        ) c ON c.id = a.id
        WHERE a.kind IN ('wallet', 'budget', 'spend_cap') AND (
            a.debits_posted <> COALESCE(d.posted, 0) OR a.withdrawn <> COALESCE(d.withdrawn, 0) + (
                SELECT COALESCE(SUM(b.amount), 0) FROM accounting_transfer b
                JOIN accounting_account s ON s.id = b.debit_account_id AND s.kind = 'influence_spent'
                WHERE b.credit_account_id = a.id AND b.reverses_id IS NOT NULL)
            OR a.credits_posted <> COALESCE(c.posted, 0))""",
    ),
    Question(
        5,
        "account",
        "what is pending on it is not what open holds and pending transfers hold",
        """SELECT a.id FROM accounting_account a
        LEFT JOIN (
            SELECT t.debit_account_id AS id, SUM(CASE t.phase WHEN 'pending' THEN t.amount
                ELSE -t.pending_amount END) AS amount
            FROM accounting_transfer t WHERE t.phase <> 'posted' GROUP BY t.debit_account_id
        ) p ON p.id = a.id
        LEFT JOIN (
            SELECT s.id AS id, SUM(s.amount) AS amount FROM (
                SELECT h.wallet_id AS id, h.held_micro_usd AS amount
                FROM accounting_hold h WHERE h.state = 'open'
                UNION ALL
                SELECT CAST(e.value AS bigint), h.held_micro_usd
                FROM accounting_hold h, NUMBERS(h.spend_cap_account_ids) e WHERE h.state = 'open'
                UNION ALL
                SELECT CAST(e.value AS bigint), l.held_nano_nats
                FROM accounting_holdline l, accounting_hold h, NUMBERS(l.budget_account_ids) e
                WHERE h.id = l.hold_id AND h.state = 'open'
            ) s GROUP BY s.id
        ) h ON h.id = a.id
        WHERE a.kind IN ('wallet', 'budget', 'spend_cap')
        AND a.debits_pending <> COALESCE(p.amount, 0) + COALESCE(h.amount, 0)""",
    ),
    Question(
        1,
        "clearing account",
        "money was left between a hold and its split",
        """SELECT a.id FROM accounting_account a WHERE a.kind = 'clearing' AND
        (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.debit_account_id = a.id AND t.phase IN ('posted', 'post_pending')) <>
        (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
            WHERE t.credit_account_id = a.id AND t.phase IN ('posted', 'post_pending'))""",
    ),
    Question(
        2,
        "account",
        "more was given or held than it has",
        """SELECT a.id FROM accounting_account a
        WHERE (a.limited AND a.debits_posted + a.debits_pending > a.credits_posted)
        OR a.debits_pending < 0 OR a.debits_posted < a.withdrawn
        OR (a.kind IN ('wallet', 'spend_cap') AND NOT a.limited)""",
    ),
    Question(
        4,
        "operation",
        "it has no outcome",
        "SELECT o.id FROM accounting_operation o WHERE o.outcome IS NULL OR o.digest = ''",
    ),
)
