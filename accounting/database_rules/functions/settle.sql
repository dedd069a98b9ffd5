-- Ends open holds with what was used, many in one call: posts it, gives the rest back, writes the receipts.
--
-- Says of each: 'settled', 'missing', 'ended' (it had ended before), 'misfit' (more was used than the hold
-- allows, less than its watermark says, or other terms are named than it was placed on; the caller says which)
-- or 'unprepared' (the system's own accounts have never been opened). Only a settled one has written anything.
-- Prices are the caller's work; that the parts sum to what leaves the wallet, and that this is within the hold,
-- is checked here. Holds are taken by id, accounts in the order of accounting_place; seats are named in the order
-- of their hold's own lines. `_of` and `_at` arrays are those of accounting_place.
CREATE OR REPLACE FUNCTION accounting_settle(
    p_hold uuid[], p_receipt uuid[], p_digest text[], p_now timestamptz[], p_state text[], p_reason text[],
    p_tokens_drawn bigint[], p_tokens_delivered bigint[], p_fee bigint[], p_total bigint[], p_shared bigint[],
    p_jws text[], p_wallet_at integer[], p_caps text[], p_cap_of integer[], p_cap_at integer[],
    p_seat_of integer[], p_label text[], p_earnings bigint[], p_budgets text[], p_drawn bigint[],
    p_charged bigint[], p_charge bigint[], p_top_up bigint[],
    p_budget_of integer[], p_budget_at integer[], p_account bigint[], p_transfer uuid[],
    OUT outcome text[]
) LANGUAGE plpgsql SET accounting.moving = 'on' SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $settle$
DECLARE
    holds integer := cardinality(p_hold);
    seats integer := cardinality(p_seat_of);
    budgets integer := cardinality(p_budget_of);
    caps integer := cardinality(p_cap_of);
    place integer[];
    state text[];
    held bigint[];
    same boolean[];
    drawn_before bigint[];
    delivered_before bigint[];
    line_id bigint[];
    line_of integer[];
    line_label text[];
    line_earnings bigint[];
    line_budgets text[];
    line_held bigint[];
    line_drawn bigint[];
    id_of_seat bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_seat_of)]);
    held_by_seat bigint[] := array_fill(0::bigint, ARRAY[cardinality(p_seat_of)]);
    released bigint[] := array_fill(0::bigint, ARRAY[cardinality(p_account)]);
    used bigint[] := array_fill(0::bigint, ARRAY[cardinality(p_account)]);
    at integer;
    line integer := 1;
    seat integer := 1;
    fits boolean;
    paid numeric;
    settled integer := 0;
    fee_account bigint;
    spent_account bigint;
    cap_account bigint;
BEGIN
    outcome := array_fill(set_config('synchronous_commit', 'off', true), ARRAY[holds]);
    SELECT array_agg(h.place), array_agg(h.state), array_agg(h.held), array_agg(h.same), array_agg(h.drawn),
        array_agg(h.delivered)
    INTO place, state, held, same, drawn_before, delivered_before
    FROM (
        SELECT u.place::integer, h.state, h.held_micro_usd AS held, h.tokens_drawn AS drawn,
            h.tokens_delivered AS delivered,
            h.wallet_id = p_account[u.wallet_at] AND h.spend_cap_account_ids = u.caps::jsonb AS same
        FROM unnest(p_hold, p_wallet_at, p_caps) WITH ORDINALITY u(id, wallet_at, caps, place)
        JOIN accounting_hold h ON h.id = u.id ORDER BY h.id FOR NO KEY UPDATE OF h
    ) h;
    SELECT array_agg(l.id), array_agg(l.of), array_agg(l.label), array_agg(l.earnings_account_id),
        array_agg(l.budgets), array_agg(l.held_nano_nats), array_agg(l.drawn_nano_nats),
        (SELECT id FROM accounting_account WHERE kind = 'platform_fee'),
        (SELECT id FROM accounting_account WHERE kind = 'influence_spent'),
        (SELECT id FROM accounting_account WHERE kind = 'spend_cap_used')
    INTO line_id, line_of, line_label, line_earnings, line_budgets, line_held, line_drawn, fee_account,
        spent_account, cap_account
    FROM (
        SELECT l.id, u.place::integer AS of, l.label, l.earnings_account_id, l.budget_account_ids::text AS budgets,
            l.held_nano_nats, l.drawn_nano_nats
        FROM unnest(p_hold) WITH ORDINALITY u(id, place) JOIN accounting_holdline l ON l.hold_id = u.id
        ORDER BY u.place, l.id
    ) l;
    IF fee_account IS NULL OR spent_account IS NULL OR cap_account IS NULL THEN
        outcome := array_fill('unprepared'::text, ARRAY[holds]);
        RETURN;
    END IF;

    FOR h IN 1..holds LOOP
        at := array_position(place, h);
        fits := same[at] AND p_fee[h] >= 0 AND p_total[h] <= held[at] AND p_tokens_drawn[h] >= drawn_before[at]
            AND p_tokens_delivered[h] >= delivered_before[at];
        paid := p_fee[h];
        WHILE line <= COALESCE(cardinality(line_id), 0) AND line_of[line] = h LOOP
            IF seat <= seats AND p_seat_of[seat] = h THEN
                fits := fits AND p_label[seat] = line_label[line] AND p_earnings[seat] = line_earnings[line]
                    AND p_budgets[seat] = line_budgets[line] AND p_drawn[seat] <= line_held[line]
                    AND p_drawn[seat] >= line_drawn[line] AND p_charged[seat] <= p_drawn[seat]
                    AND p_charged[seat] >= 0 AND p_charge[seat] >= 0 AND p_top_up[seat] >= 0;
                paid := paid + p_charge[seat] + p_top_up[seat];
                id_of_seat[seat] := line_id[line];
                held_by_seat[seat] := line_held[line];
                seat := seat + 1;
            ELSE
                fits := false;
            END IF;
            line := line + 1;
        END LOOP;
        WHILE seat <= seats AND p_seat_of[seat] = h LOOP
            fits := false;
            seat := seat + 1;
        END LOOP;
        outcome[h] := CASE WHEN at IS NULL THEN 'missing' WHEN state[at] <> 'open' THEN 'ended'
            WHEN fits AND paid = p_total[h] THEN 'settled' ELSE 'misfit' END;
        IF outcome[h] = 'settled' THEN
            settled := settled + 1;
            released[p_wallet_at[h]] := released[p_wallet_at[h]] + held[at];
            used[p_wallet_at[h]] := used[p_wallet_at[h]] + p_total[h];
        END IF;
    END LOOP;
    IF settled = 0 THEN RETURN; END IF;
    FOR i IN 1..budgets LOOP
        CONTINUE WHEN outcome[p_seat_of[p_budget_of[i]]] <> 'settled';
        released[p_budget_at[i]] := released[p_budget_at[i]] + held_by_seat[p_budget_of[i]];
        used[p_budget_at[i]] := used[p_budget_at[i]] + p_drawn[p_budget_of[i]];
    END LOOP;
    FOR i IN 1..caps LOOP
        CONTINUE WHEN outcome[p_cap_of[i]] <> 'settled';
        released[p_cap_at[i]] := released[p_cap_at[i]] + held[array_position(place, p_cap_of[i])];
        used[p_cap_at[i]] := used[p_cap_at[i]] + p_total[p_cap_of[i]];
    END LOOP;

    UPDATE accounting_account a SET debits_pending = a.debits_pending - u.released,
        debits_posted = a.debits_posted + u.used
    FROM (  -- locked one after the other, in the order of all writers
        SELECT u.id, u.released, u.used
        FROM unnest(p_account, released, used) WITH ORDINALITY u(id, released, used, place)
        JOIN accounting_account l ON l.id = u.id WHERE u.released <> 0 OR u.used <> 0
        ORDER BY u.place FOR NO KEY UPDATE OF l
    ) u
    WHERE a.id = u.id;

    INSERT INTO accounting_transfer (id, operation_id, phase, asset, debit_account_id, credit_account_id,
        amount, hold_id, line_id, label, detail, created_at)
    SELECT p_transfer[row_number() OVER ()], p_hold[m.of], 'posted', m.asset, m.debit, m.credit, m.amount,
        p_hold[m.of], m.line, m.label, '{}', p_now[m.of]
    FROM (
        SELECT 'nano_nat' AS asset, p_seat_of[b.seat] AS of, p_account[b.at] AS debit, spent_account AS credit,
            p_drawn[b.seat] AS amount, id_of_seat[b.seat] AS line, p_label[b.seat] AS label
        FROM unnest(p_budget_of, p_budget_at) b(seat, at)
        UNION ALL
        SELECT 'micro_usd', s.of, p_account[p_wallet_at[s.of]], s.earnings, s.charge + s.top_up, s.line, s.label
        FROM unnest(p_seat_of, p_label, p_earnings, p_charge, p_top_up, id_of_seat)
            s(of, label, earnings, charge, top_up, line)
        UNION ALL
        SELECT 'micro_usd', h.place::integer, p_account[h.wallet_at], fee_account, h.fee, NULL, 'fee'
        FROM unnest(p_wallet_at, p_fee) WITH ORDINALITY h(wallet_at, fee, place)
        UNION ALL
        SELECT 'micro_usd', c.of, p_account[c.at], cap_account, p_total[c.of], NULL, 'spend cap'
        FROM unnest(p_cap_of, p_cap_at) c(of, at)
    ) m WHERE m.amount > 0 AND outcome[m.of] = 'settled';
    INSERT INTO accounting_receipt (id, hold_id, wallet_id, issued_at, jws, charges_micro_usd, fee_micro_usd,
        total_micro_usd, shared_nano_nats)
    SELECT h.receipt, h.id, p_account[h.wallet_at], h.now, h.jws, h.total - h.fee, h.fee, h.total, h.shared
    FROM unnest(p_receipt, p_hold, p_wallet_at, p_now, p_jws, p_total, p_fee, p_shared, outcome)
        h(receipt, id, wallet_at, now, jws, total, fee, shared, outcome)
    WHERE h.outcome = 'settled';
    INSERT INTO accounting_receiptline (receipt_id, label, earnings_account_id, nano_nats, drawn_nano_nats,
        charge_micro_usd, floor_top_up_micro_usd, issued_at)
    SELECT p_receipt[s.of], s.label, s.earnings, s.charged, s.drawn, s.charge, s.top_up, p_now[s.of]
    FROM unnest(p_seat_of, p_label, p_earnings, p_charged, p_drawn, p_charge, p_top_up)
        s(of, label, earnings, charged, drawn, charge, top_up)
    WHERE outcome[s.of] = 'settled';
    UPDATE accounting_hold h SET state = u.state, reason = u.reason, ended_at = u.now,
        settlement_digest = u.digest, tokens_drawn = u.drawn, tokens_delivered = u.delivered
    FROM unnest(p_hold, p_state, p_reason, p_now, p_digest, p_tokens_drawn, p_tokens_delivered, outcome)
        u(id, state, reason, now, digest, drawn, delivered, outcome)
    WHERE h.id = u.id AND u.outcome = 'settled';
END $settle$
