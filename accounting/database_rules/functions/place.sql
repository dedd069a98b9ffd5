-- Holds what an answer may use, in one call: the first block of every seat, then the money for those who sit.
--
-- A seat whose budget refuses is left out; refused money undoes everything (BX402). Accounts are locked in one
-- order everywhere: budgets by id, then wallets, then spend caps by id; then all of them move in one statement,
-- because a statement pays for the table's constraints once, however many rows it moves. The commit does not
-- wait for the disk while rows are held; accounting/barrier.py waits before anything leaves. Arrays named
-- p_seat_* have one element per seat, p_account and p_of_seat one per budget of a seat.
CREATE OR REPLACE FUNCTION accounting_place(
    p_hold uuid, p_digest text, p_wallet bigint, p_caps bigint[], p_fee_basis_points integer,
    p_most_money bigint, p_detail jsonb, p_now timestamptz, p_expires timestamptz,
    p_seat_label text[], p_seat_earnings bigint[], p_seat_budgets jsonb, p_seat_cap bigint[],
    p_seat_block bigint[], p_seat_price bigint[], p_seat_floor bigint[], p_seat_ceiling bigint[],
    p_seat_charged_by text[], p_seat_quote bigint[], p_account bigint[], p_of_seat integer[],
    OUT repeated boolean, OUT refused boolean[], OUT held bigint
) LANGUAGE plpgsql SET accounting.moving = 'on' SET enable_seqscan = off AS $place$
DECLARE
    seats integer := cardinality(p_seat_label);
    ids bigint[];
    kinds text[];
    room bigint[];
    taken bigint[];
    at integer;
    any_refused boolean := false;
    charges numeric := 0;
    floors numeric := 0;
    total numeric;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    repeated := EXISTS (SELECT 1 FROM accounting_hold WHERE id = p_hold);
    IF repeated THEN RETURN; END IF;
    SELECT array_agg(a.id), array_agg(a.kind), array_agg(a.room) INTO ids, kinds, room FROM (
        SELECT id, kind, CASE WHEN NOT limited THEN 9223372036854775807 ELSE
            LEAST(credits_posted - debits_posted, COALESCE(stated_limit, credits_posted) - debits_posted + withdrawn)
                - debits_pending END AS room
        FROM accounting_account WHERE id = ANY (p_account || p_wallet || p_caps)
        ORDER BY CASE kind WHEN 'budget' THEN 0 WHEN 'wallet' THEN 1 ELSE 2 END, id FOR NO KEY UPDATE
    ) a;
    taken := array_fill(0::bigint, ARRAY[COALESCE(cardinality(ids), 0)]);
    refused := array_fill(false, ARRAY[seats]);
    FOR seat IN 1..seats LOOP
        refused[seat] := p_seat_block[seat] <= 0;
        FOR i IN 1..cardinality(p_account) LOOP
            CONTINUE WHEN p_of_seat[i] <> seat;
            at := array_position(ids, p_account[i]);
            IF at IS NULL OR kinds[at] <> 'budget' THEN
                RAISE EXCEPTION USING ERRCODE = 'BX422', MESSAGE = 'account';
            END IF;
            refused[seat] := refused[seat] OR room[at] - taken[at] < p_seat_block[seat];
        END LOOP;
        IF refused[seat] THEN
            any_refused := true;
            CONTINUE;
        END IF;
        FOR i IN 1..cardinality(p_account) LOOP
            CONTINUE WHEN p_of_seat[i] <> seat;
            at := array_position(ids, p_account[i]);
            taken[at] := taken[at] + p_seat_block[seat];
        END LOOP;
        charges := charges + p_seat_quote[seat];
        floors := floors + p_seat_floor[seat];
    END LOOP;
    total := charges + floors + div(charges * p_fee_basis_points, 10000);
    IF total > p_most_money THEN
        RAISE EXCEPTION USING ERRCODE = 'BX402', MESSAGE = 'price', DETAIL = total || ' ' || p_most_money;
    END IF;
    FOR i IN 0..cardinality(p_caps) LOOP  -- 0 is the wallet
        at := array_position(ids, CASE i WHEN 0 THEN p_wallet ELSE p_caps[i] END);
        IF at IS NULL OR kinds[at] <> (CASE i WHEN 0 THEN 'wallet' ELSE 'spend_cap' END) THEN
            RAISE EXCEPTION USING ERRCODE = 'BX422', MESSAGE = 'account';
        END IF;
        IF room[at] < total THEN
            RAISE EXCEPTION USING ERRCODE = 'BX402', MESSAGE = 'money', DETAIL = total || ' ' || ids[at];
        END IF;
        taken[at] := total;
    END LOOP;
    IF (SELECT count(*) FROM accounting_account WHERE id = ANY (p_seat_earnings) AND kind = 'earnings')
        <> (SELECT count(DISTINCT e) FROM unnest(p_seat_earnings) e)
    THEN
        RAISE EXCEPTION USING ERRCODE = 'BX422', MESSAGE = 'account';
    END IF;
    UPDATE accounting_account SET debits_pending = debits_pending + taken[array_position(ids, id)]
    WHERE id = ANY (ids);
    held := total;
    INSERT INTO accounting_hold (id, digest, refused, wallet_id, spend_cap_account_ids, state,
        settlement_digest, reason, held_micro_usd, fee_basis_points, tokens_drawn, tokens_delivered, detail,
        created_at, expires_at)
    VALUES (p_hold, p_digest, CASE WHEN any_refused THEN (SELECT COALESCE(jsonb_agg(l ORDER BY o), '[]')
            FROM unnest(p_seat_label, refused) WITH ORDINALITY u(l, r, o) WHERE r) ELSE '[]' END,
        p_wallet, to_jsonb(p_caps), 'open', '', '', held, p_fee_basis_points, 0, 0, p_detail, p_now, p_expires)
    ON CONFLICT (id) DO NOTHING;
    IF NOT FOUND THEN  -- another call with this id was faster: undo, and let the caller find its outcome
        RAISE EXCEPTION USING ERRCODE = 'BX409', MESSAGE = 'repeated';
    END IF;
    INSERT INTO accounting_holdline (hold_id, label, earnings_account_id, budget_account_ids, cap_nano_nats,
        price_micro_usd_per_nat, floor_micro_usd, ceiling_micro_usd, charged_by, held_nano_nats,
        drawn_nano_nats, delivered_nano_nats)
    SELECT p_hold, label, earnings, p_seat_budgets -> (place - 1)::integer, cap, price, floor_price, ceiling,
        charged_by, block, 0, 0
    FROM unnest(p_seat_label, p_seat_earnings, p_seat_cap, p_seat_price, p_seat_floor, p_seat_ceiling,
            p_seat_charged_by, p_seat_block, refused)
        WITH ORDINALITY s(label, earnings, cap, price, floor_price, ceiling, charged_by, block, out, place)
    WHERE NOT out ORDER BY place;
END $place$
