"""What the database refuses, and how it moves the running totals: one list, in SQL that both databases read.

Each rule belongs to one table and one event. Its steps run in order: a refusal names the rule that would
break, an effect moves totals. CHECK and UNIQUE constraints stand with the models; here is what needs two.
NUMBERS(x) stands for the rows of a JSON list.
"""

from accounting.database_rules import corrections, payouts, refunds
from accounting.database_rules.rule import Effect, Refuse, Rule


def _append_only(table: str) -> tuple[Rule, ...]:
    message = "append-only: write a correcting row instead"
    return tuple(Rule(table, event, (Refuse("1 = 1", message),)) for event in ("UPDATE", "DELETE"))


def _kept(table: str) -> Rule:
    return Rule(table, "DELETE", (Refuse("1 = 1", "append-only: rows of the books are never deleted"),))


def _changed(*columns: str) -> str:
    return " OR ".join(f"NEW.{column} <> OLD.{column}" for column in columns)


BUDGETS_OF_LINE = "(SELECT CAST(e.value AS bigint) FROM NUMBERS(NEW.budget_account_ids) e)"
CAPS_OF_HOLD = "(SELECT CAST(e.value AS bigint) FROM NUMBERS(NEW.spend_cap_account_ids) e)"
ABOVE_ITS_LIMIT = "a.limited AND a.debits_posted - a.withdrawn + a.debits_pending > a.stated_limit"
ONE_ASSET = Refuse(
    """EXISTS (SELECT 1 FROM accounting_account a
    WHERE a.id IN (NEW.debit_account_id, NEW.credit_account_id) AND a.asset <> NEW.asset)""",
    "rule 1: both sides of a transfer are of its asset",
)
RESOLVES_A_PENDING_ONE = Refuse(
    """NEW.pending_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounting_transfer p
    WHERE p.id = NEW.pending_id AND p.phase = 'pending' AND p.amount = NEW.pending_amount
    AND p.debit_account_id = NEW.debit_account_id AND p.credit_account_id = NEW.credit_account_id)""",
    "rule 3: only a pending transfer resolves, between the same accounts and for its own amount",
)
NO_PENDING_FOR_A_HOLD = Refuse(
    "NEW.hold_id IS NOT NULL AND NEW.phase <> 'posted'",
    "rule 3: what a hold holds is the hold itself, its transfers are posted",
)
A_HOLD_TAKES_WHERE_IT_HOLDS = Refuse(
    """NEW.hold_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounting_account a
    WHERE a.id = NEW.debit_account_id AND a.kind IN ('wallet', 'budget', 'spend_cap'))""",
    "rule 3: an answer takes from a wallet, a budget or a spend cap",
)
HOLD_IS_OPEN = Refuse(
    """NEW.hold_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM accounting_hold h
    WHERE h.id = NEW.hold_id AND h.state = 'open')""",
    "rule 3: nothing moves for a hold that has ended",
)
MOVE_DEBIT = Effect(
    """UPDATE accounting_account SET
    debits_pending = debits_pending + CASE WHEN NEW.hold_id IS NOT NULL THEN -NEW.amount
        WHEN NEW.phase = 'pending' THEN NEW.amount
        WHEN NEW.phase = 'posted' THEN 0 ELSE -NEW.pending_amount END,
    debits_posted = debits_posted
        + CASE WHEN NEW.phase IN ('posted', 'post_pending') THEN NEW.amount ELSE 0 END,
    withdrawn = withdrawn + CASE WHEN NEW.phase = 'posted' AND EXISTS (SELECT 1 FROM accounting_account g
        WHERE g.id = NEW.credit_account_id AND g.kind IN ('influence_grant', 'spend_cap_grant'))
        THEN NEW.amount ELSE 0 END
    WHERE id = NEW.debit_account_id AND kind IN ('wallet', 'budget', 'spend_cap')"""
)
MOVE_CREDIT = Effect(
    """UPDATE accounting_account SET credits_posted = credits_posted + NEW.amount
    WHERE id = NEW.credit_account_id AND kind IN ('wallet', 'budget', 'spend_cap')
    AND NEW.phase IN ('posted', 'post_pending')"""
)
WITHIN_STATED_LIMIT = Refuse(
    f"""NEW.phase IN ('pending', 'posted') AND NEW.hold_id IS NULL
    AND EXISTS (SELECT 1 FROM accounting_account a WHERE a.id = NEW.debit_account_id AND {ABOVE_ITS_LIMIT})
    AND NOT EXISTS (SELECT 1 FROM accounting_account g WHERE g.id = NEW.credit_account_id
        AND g.kind IN ('influence_grant', 'spend_cap_grant'))""",
    "rule 2: the stated limit does not allow this",
)
HOLD_MONEY = Effect(
    f"""UPDATE accounting_account SET debits_pending = debits_pending + NEW.held_micro_usd
    WHERE (id = NEW.wallet_id AND kind = 'wallet') OR (id IN {CAPS_OF_HOLD} AND kind = 'spend_cap')"""
)
MONEY_WITHIN_STATED_LIMIT = Refuse(
    f"""NEW.held_micro_usd > 0 AND EXISTS (SELECT 1 FROM accounting_account a
    WHERE a.id IN {CAPS_OF_HOLD} AND {ABOVE_ITS_LIMIT})""",
    "rule 2: the stated limit does not allow this",
)
HOLD_STARTS_OPEN = Refuse("NEW.state <> 'open'", "rule 3: a hold starts open")
HOLD_NATS = Effect(
    f"""UPDATE accounting_account SET debits_pending = debits_pending + NEW.held_nano_nats
    WHERE id IN {BUDGETS_OF_LINE} AND kind = 'budget'"""
)
HOLD_MORE_NATS = Effect(
    f"""UPDATE accounting_account
    SET debits_pending = debits_pending + NEW.held_nano_nats - OLD.held_nano_nats
    WHERE NEW.held_nano_nats <> OLD.held_nano_nats
    AND id IN {BUDGETS_OF_LINE} AND kind = 'budget'"""
)
NATS_WITHIN_STATED_LIMIT = Refuse(
    f"""EXISTS (SELECT 1 FROM accounting_account a
    WHERE a.id IN {BUDGETS_OF_LINE} AND {ABOVE_ITS_LIMIT})""",
    "rule 2: the stated limit does not allow this",
)
MORE_NATS_WITHIN_STATED_LIMIT = Refuse(
    f"NEW.held_nano_nats <> OLD.held_nano_nats AND {NATS_WITHIN_STATED_LIMIT.when}",
    NATS_WITHIN_STATED_LIMIT.message,
)
TOUCHED_BY_HOLD = """id IN (SELECT NEW.wallet_id
    UNION ALL SELECT CAST(e.value AS bigint) FROM NUMBERS(NEW.spend_cap_account_ids) e
    UNION ALL SELECT CAST(e.value AS bigint) FROM accounting_holdline l, NUMBERS(l.budget_account_ids) e
        WHERE l.hold_id = NEW.id)"""
# What a hold has on one of its accounts, and what its transfers have posted from there.
HELD_THERE = f"""(CASE WHEN id = NEW.wallet_id OR id IN {CAPS_OF_HOLD} THEN NEW.held_micro_usd ELSE 0 END
    + (SELECT COALESCE(SUM(l.held_nano_nats), 0) FROM accounting_holdline l, NUMBERS(l.budget_account_ids) e
        WHERE l.hold_id = NEW.id AND CAST(e.value AS bigint) = accounting_account.id))"""
POSTED_THERE = """(SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
    WHERE t.hold_id = NEW.id AND t.debit_account_id = accounting_account.id)"""
ENDS_WITHIN_THE_HOLD = Refuse(
    f"""OLD.state = 'open' AND NEW.state <> 'open' AND EXISTS (SELECT 1 FROM accounting_account
    WHERE {TOUCHED_BY_HOLD} AND {POSTED_THERE} > {HELD_THERE})""",
    "rule 3: more was posted than was held",
)
GIVE_BACK_THE_REST = Effect(
    f"""UPDATE accounting_account SET debits_pending = debits_pending - ({HELD_THERE}) + {POSTED_THERE}
    WHERE OLD.state = 'open' AND NEW.state <> 'open' AND {TOUCHED_BY_HOLD}"""
)
ENDS_WITH_A_RECEIPT = Refuse(
    """OLD.state = 'open' AND NEW.state IN ('settled', 'expired')
    AND NOT EXISTS (SELECT 1 FROM accounting_receipt r WHERE r.hold_id = NEW.id)""",
    "rule 7: what is settled has a receipt",
)
ENDS_ONCE = Refuse("OLD.state <> 'open'", "rule 3: a hold ends exactly once")
LINE_OF_AN_OPEN_HOLD = Refuse(
    "NOT EXISTS (SELECT 1 FROM accounting_hold h WHERE h.id = NEW.hold_id AND h.state = 'open')",
    "rule 3: a hold ends exactly once",
)
HOLD_TERMS = Refuse(
    _changed(
        "id",
        "wallet_id",
        "spend_cap_account_ids",
        "held_micro_usd",
        "fee_basis_points",
        "created_at",
        "digest",
    ),
    "the terms of a hold never change",
)
LINE_TERMS = Refuse(
    _changed(
        "hold_id",
        "label",
        "earnings_account_id",
        "cap_nano_nats",
        "price_micro_usd_per_nat",
        "floor_micro_usd",
        "charged_by",
        "budget_account_ids",
    )
    + " OR COALESCE(NEW.ceiling_micro_usd, -1) <> COALESCE(OLD.ceiling_micro_usd, -1)",
    "the terms of a hold never change",
)
HOLD_WATERMARK = Refuse(
    "NEW.tokens_drawn < OLD.tokens_drawn OR NEW.tokens_delivered < OLD.tokens_delivered",
    "rule 6: the watermark only grows",
)
LINE_WATERMARK = Refuse(
    """NEW.drawn_nano_nats < OLD.drawn_nano_nats OR NEW.delivered_nano_nats < OLD.delivered_nano_nats
    OR NEW.held_nano_nats < OLD.held_nano_nats""",
    "rule 6: the watermark only grows",
)
RECEIPT_SAYS_WHAT_LEFT = Refuse(
    """NEW.total_micro_usd <> (SELECT COALESCE(SUM(t.amount), 0) FROM accounting_transfer t
    WHERE t.hold_id = NEW.hold_id AND t.phase = 'posted' AND t.debit_account_id = NEW.wallet_id)""",
    "rule 7: a receipt says what left the wallet",
)
LINES_WITHIN_RECEIPT = Refuse(
    """(SELECT SUM(l.charge_micro_usd + l.floor_top_up_micro_usd) FROM accounting_receiptline l
    WHERE l.receipt_id = NEW.receipt_id)
    > (SELECT r.charges_micro_usd FROM accounting_receipt r WHERE r.id = NEW.receipt_id)""",
    "rule 7: the lines of a receipt are within its total",
)
OUTCOME_ONCE = Refuse("OLD.outcome IS NOT NULL", "rule 4: an outcome is written once")
SAME_REQUEST = Refuse(_changed("id", "digest", "kind"), "rule 4: what was asked never changes")
SAME_ACCOUNT = Refuse(_changed("asset", "kind"), "an account keeps its asset and kind")
TOTALS_MOVED = _changed("debits_pending", "debits_posted", "credits_posted", "withdrawn")
ONLY_TRANSFERS_MOVE_TOTALS = Refuse(
    f"({TOTALS_MOVED}) AND pg_trigger_depth() = 1",
    "rule 1: only transfers move the totals of an account",
    only_on="postgresql",  # SQLite cannot tell; ledger check finds it there
)

RULES: tuple[Rule, ...] = (
    Rule(
        "accounting_transfer",
        "INSERT",
        (
            ONE_ASSET,
            RESOLVES_A_PENDING_ONE,
            NO_PENDING_FOR_A_HOLD,
            A_HOLD_TAKES_WHERE_IT_HOLDS,
            HOLD_IS_OPEN,
            MOVE_DEBIT,
            MOVE_CREDIT,
            WITHIN_STATED_LIMIT,
        ),
        steps_aside=True,
    ),
    *corrections.RULES,
    *payouts.RULES,
    *refunds.RULES,
    *_append_only("accounting_transfer"),
    *_append_only("accounting_receipt"),
    *_append_only("accounting_receiptline"),
    *_append_only("accounting_auditevent"),
    *_append_only("accounting_seal"),
    _kept("accounting_account"),
    Rule("accounting_account", "UPDATE", (SAME_ACCOUNT, ONLY_TRANSFERS_MOVE_TOTALS), steps_aside=True),
    _kept("accounting_operation"),
    Rule("accounting_operation", "UPDATE", (OUTCOME_ONCE, SAME_REQUEST)),
    _kept("accounting_hold"),
    Rule(
        "accounting_hold",
        "INSERT",
        (HOLD_STARTS_OPEN, HOLD_MONEY, MONEY_WITHIN_STATED_LIMIT),
        steps_aside=True,
    ),
    Rule(
        "accounting_hold",
        "UPDATE",
        (
            ENDS_ONCE,
            HOLD_TERMS,
            HOLD_WATERMARK,
            ENDS_WITHIN_THE_HOLD,
            ENDS_WITH_A_RECEIPT,
            GIVE_BACK_THE_REST,
        ),
        steps_aside=True,
    ),
    _kept("accounting_holdline"),
    Rule(
        "accounting_holdline",
        "INSERT",
        (LINE_OF_AN_OPEN_HOLD, HOLD_NATS, NATS_WITHIN_STATED_LIMIT),
        steps_aside=True,
    ),
    Rule(
        "accounting_holdline",
        "UPDATE",
        (
            LINE_OF_AN_OPEN_HOLD,
            LINE_TERMS,
            LINE_WATERMARK,
            HOLD_MORE_NATS,
            MORE_NATS_WITHIN_STATED_LIMIT,
        ),
    ),
    Rule("accounting_receipt", "INSERT", (RECEIPT_SAYS_WHAT_LEFT,), steps_aside=True),
    Rule("accounting_receiptline", "INSERT", (LINES_WITHIN_RECEIPT,), steps_aside=True),
)
