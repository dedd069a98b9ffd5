-- Ends an open hold with what was used, in one call: posts it, gives the rest back, writes the receipt.
--
-- Answers 'settled', 'missing', 'ended' (it had ended before) or 'misfit' (more was used than the hold allows,
-- or less than its watermark says; nothing is written, and the caller says which) or 'unprepared' (the system's
-- own accounts have never been opened; nothing is written). Prices are the caller's
-- work; that the parts sum to what leaves the wallet, and that this is within the hold, is checked here.
-- Accounts are taken in the order of accounting_place. Arrays have one element per seat of the hold.
CREATE OR REPLACE FUNCTION accounting_settle(
    p_hold uuid, p_receipt uuid, p_digest text, p_now timestamptz, p_state text, p_reason text,
    p_tokens_drawn bigint, p_tokens_delivered bigint, p_label text[], p_drawn bigint[], p_charged bigint[],
    p_charge bigint[], p_top_up bigint[], p_fee bigint, p_total bigint, p_shared bigint, p_jws text, p_transfer uuid[]
) RETURNS text LANGUAGE plpgsql SET accounting.moving = 'on' SET enable_seqscan = off AS $settle$
DECLARE
    h accounting_hold%ROWTYPE;
    seats integer;
    fits boolean;
    paid numeric;
    ids bigint[];
    released bigint[];
    used bigint[];
    fee_account bigint;
    spent_account bigint;
    cap_account bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO h FROM accounting_hold WHERE id = p_hold FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'missing'; END IF;
    IF h.state <> 'open' THEN RETURN 'ended'; END IF;
    SELECT count(*), COALESCE(bool_and(u.place IS NOT NULL AND u.drawn BETWEEN l.drawn_nano_nats AND l.held_nano_nats
            AND u.charged BETWEEN 0 AND u.drawn AND u.charge >= 0 AND u.top_up >= 0), true),
        COALESCE(sum(u.charge + u.top_up), 0) + p_fee
    INTO seats, fits, paid
    FROM accounting_holdline l
    LEFT JOIN unnest(p_label, p_drawn, p_charged, p_charge, p_top_up) WITH ORDINALITY
        u(label, drawn, charged, charge, top_up, place) ON u.label = l.label
    WHERE l.hold_id = p_hold;
    IF NOT fits OR seats <> cardinality(p_label) OR paid <> p_total OR p_total > h.held_micro_usd OR p_fee < 0
        OR p_tokens_drawn < h.tokens_drawn OR p_tokens_delivered < h.tokens_delivered
    THEN RETURN 'misfit'; END IF;
    SELECT max(id) FILTER (WHERE kind = 'platform_fee'), max(id) FILTER (WHERE kind = 'influence_spent'),
        max(id) FILTER (WHERE kind = 'spend_cap_used')
    INTO fee_account, spent_account, cap_account FROM accounting_account
    WHERE kind IN ('platform_fee', 'influence_spent', 'spend_cap_used');
    IF fee_account IS NULL OR spent_account IS NULL OR cap_account IS NULL THEN RETURN 'unprepared'; END IF;

    SELECT array_agg(m.id), array_agg(m.held), array_agg(m.used) INTO ids, released, used FROM (
        SELECT t.id, sum(t.held)::bigint AS held, sum(t.used)::bigint AS used FROM (
            SELECT e.value::bigint AS id, l.held_nano_nats AS held,
                p_drawn[array_position(p_label, l.label::text)] AS used
            FROM accounting_holdline l, jsonb_array_elements_text(l.budget_account_ids) e WHERE l.hold_id = p_hold
            UNION ALL SELECT h.wallet_id, h.held_micro_usd, p_total
            UNION ALL SELECT e.value::bigint, h.held_micro_usd, p_total
            FROM jsonb_array_elements_text(h.spend_cap_account_ids) e
        ) t GROUP BY t.id
    ) m;
    PERFORM 1 FROM accounting_account WHERE id = ANY (ids)
    ORDER BY CASE kind WHEN 'budget' THEN 0 WHEN 'wallet' THEN 1 ELSE 2 END, id FOR NO KEY UPDATE;
    UPDATE accounting_account SET debits_pending = debits_pending - released[array_position(ids, id)],
        debits_posted = debits_posted + used[array_position(ids, id)]
    WHERE id = ANY (ids);

    INSERT INTO accounting_transfer (id, operation_id, phase, asset, debit_account_id, credit_account_id,
        amount, hold_id, line_id, label, detail, created_at)
    SELECT p_transfer[row_number() OVER ()], p_hold, 'posted', m.asset, m.debit, m.credit, m.amount, p_hold,
        m.line, m.label, '{}', p_now
    FROM (
        SELECT 'nano_nat' AS asset, e.value::bigint AS debit, spent_account AS credit,
            p_drawn[array_position(p_label, l.label::text)] AS amount, l.id AS line, l.label AS label
        FROM accounting_holdline l, jsonb_array_elements_text(l.budget_account_ids) e WHERE l.hold_id = p_hold
        UNION ALL
        SELECT 'micro_usd', h.wallet_id, l.earnings_account_id,
            p_charge[array_position(p_label, l.label::text)] + p_top_up[array_position(p_label, l.label::text)],
            l.id, l.label
        FROM accounting_holdline l WHERE l.hold_id = p_hold
        UNION ALL
        SELECT 'micro_usd', h.wallet_id, fee_account, p_fee, NULL, 'fee'
        UNION ALL
        SELECT 'micro_usd', e.value::bigint, cap_account, p_total, NULL, 'spend cap'
        FROM jsonb_array_elements_text(h.spend_cap_account_ids) e
    ) m WHERE m.amount > 0;
    INSERT INTO accounting_receipt (id, hold_id, wallet_id, issued_at, jws, charges_micro_usd, fee_micro_usd,
        total_micro_usd, shared_nano_nats)
    VALUES (p_receipt, p_hold, h.wallet_id, p_now, p_jws, p_total - p_fee, p_fee, p_total, p_shared);
    INSERT INTO accounting_receiptline (receipt_id, label, earnings_account_id, nano_nats, drawn_nano_nats,
        charge_micro_usd, floor_top_up_micro_usd, issued_at)
    SELECT p_receipt, l.label, l.earnings_account_id, u.charged, u.drawn, u.charge, u.top_up, p_now
    FROM accounting_holdline l
    JOIN unnest(p_label, p_drawn, p_charged, p_charge, p_top_up) u(label, drawn, charged, charge, top_up)
        ON u.label = l.label
    WHERE l.hold_id = p_hold ORDER BY l.id;
    UPDATE accounting_hold SET state = p_state, reason = p_reason, ended_at = p_now,
        settlement_digest = p_digest, tokens_drawn = p_tokens_drawn, tokens_delivered = p_tokens_delivered
    WHERE id = p_hold;
    RETURN 'settled';
END $settle$
