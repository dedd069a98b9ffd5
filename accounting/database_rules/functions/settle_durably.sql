-- accounting_settle, and then the disk: two transactions in one call.
--
-- The first lets go of the rows without waiting for the disk; the second writes one more record of the log and
-- waits for it, which makes all earlier ones durable. Both are of one server process, so nothing can have been
-- lost in between: a crash would have ended this call. Not to be called inside a transaction.
CREATE OR REPLACE PROCEDURE accounting_settle_durably(
    p_hold uuid[], p_receipt uuid[], p_digest text[], p_now timestamptz[], p_state text[], p_reason text[],
    p_tokens_drawn bigint[], p_tokens_delivered bigint[], p_fee bigint[], p_total bigint[], p_shared bigint[],
    p_jws text[], p_wallet_at integer[], p_caps text[], p_cap_of integer[], p_cap_at integer[],
    p_seat_of integer[], p_label text[], p_earnings bigint[], p_budgets text[], p_drawn bigint[],
    p_charged bigint[], p_charge bigint[], p_top_up bigint[],
    p_budget_of integer[], p_budget_at integer[], p_account bigint[], p_transfer uuid[],
    INOUT outcome text[]
) LANGUAGE plpgsql AS $settle_durably$
BEGIN
    outcome := accounting_settle(p_hold, p_receipt, p_digest, p_now, p_state, p_reason, p_tokens_drawn,
        p_tokens_delivered, p_fee, p_total, p_shared, p_jws, p_wallet_at, p_caps, p_cap_of, p_cap_at, p_seat_of,
        p_label, p_earnings, p_budgets, p_drawn, p_charged, p_charge, p_top_up, p_budget_of, p_budget_at,
        p_account, p_transfer);
    COMMIT;
    PERFORM pg_logical_emit_message(true, 'accounting', '');
END $settle_durably$
