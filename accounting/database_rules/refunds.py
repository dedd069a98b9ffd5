"""The rules of refunds: what one says is what its reversals gave back, and only of its own receipt."""

from accounting.database_rules.rule import Effect, Refuse, Rule

NATS_NOT_SPENT_AFTER_ALL = Effect(
    """UPDATE accounting_account SET withdrawn = withdrawn + NEW.amount
    WHERE id = NEW.credit_account_id AND kind = 'budget' AND EXISTS (SELECT 1 FROM accounting_account s
        WHERE s.id = NEW.debit_account_id AND s.kind = 'influence_spent')"""
)
ITS_MONEY = Refuse(
    """NEW.amount_micro_usd <> (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
    JOIN accounting_receipt r ON r.id = NEW.receipt_id
    WHERE t.operation_id = NEW.operation_id AND t.credit_account_id = r.wallet_id AND t.phase = 'posted')""",
    "rule 7: a refund is what came back to the wallet of its receipt",
)
ITS_RECEIPT = Refuse(
    """EXISTS (SELECT 1 FROM accounting_transfer t
    LEFT JOIN accounting_transfer o ON o.id = t.reverses_id
    JOIN accounting_receipt r ON r.id = NEW.receipt_id
    WHERE t.operation_id = NEW.operation_id AND (o.id IS NULL OR o.hold_id IS NULL OR o.hold_id <> r.hold_id))
    OR NOT EXISTS (SELECT 1 FROM accounting_transfer t WHERE t.operation_id = NEW.operation_id)""",
    "rule 7: a refund reverses transfers of its own receipt and nothing else",
)
NATS_NEVER_LEFT = Refuse(
    """NEW.nano_nats > 0 AND EXISTS (SELECT 1 FROM accounting_receipt r JOIN accounting_hold h
    ON h.id = r.hold_id WHERE r.id = NEW.receipt_id AND h.tokens_delivered > 0)""",
    "rule 6: nats of an answer that left stay spent",
)
KEPT = Refuse("1 = 1", "append-only: write a correcting row instead")

RULES: tuple[Rule, ...] = (
    Rule(
        "accounting_transfer",
        "INSERT",
        (NATS_NOT_SPENT_AFTER_ALL,),
        about="nats_back",
        only_when="NEW.reverses_id IS NOT NULL AND NEW.asset = 'nano_nat'",
    ),
    Rule("accounting_refund", "INSERT", (ITS_MONEY, ITS_RECEIPT, NATS_NEVER_LEFT)),
    Rule("accounting_refund", "UPDATE", (KEPT,)),
    Rule("accounting_refund", "DELETE", (KEPT,)),
)
