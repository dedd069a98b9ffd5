-- Holds what answers may use, many in one call: the first block of every seat, then the money for those who sit.
--
-- Says of each hold: 'placed'; 'repeated' (its id was on record before); 'price' (above p_most_money) or 'money'
-- (refused_at has less), with the quote; 'account' (one that it names is not there). Only a placed one has
-- written anything, and each is decided after those before it. A seat whose budget refuses is left out.
--
-- Accounts are locked in one order everywhere: budgets by id, then wallets, then spend caps by id (the order of
-- p_account); then all of them move in one statement, because a statement pays for the table's constraints
-- once, however many rows it moves. The commit does not wait for the disk while rows are held;
-- accounting/barrier.py waits before anything leaves. `_of` arrays say which hold (or seat) an element belongs
-- to, in ascending order; `_at` arrays say where in p_account it is.
CREATE OR REPLACE FUNCTION accounting_place(
    p_hold uuid[], p_digest text[], p_wallet_at integer[], p_caps text[], p_fee_basis_points integer[],
    p_most_money bigint[], p_detail text[], p_now timestamptz[], p_expires timestamptz[],
    p_cap_of integer[], p_cap_at integer[],
    p_seat_of integer[], p_seat_label text[], p_seat_earnings bigint[], p_seat_budgets text[],
    p_seat_cap bigint[], p_seat_block bigint[], p_seat_price bigint[], p_seat_floor bigint[],
    p_seat_ceiling bigint[], p_seat_charged_by text[], p_seat_quote bigint[],
    p_budget_of integer[], p_budget_at integer[], p_account bigint[], p_kind text[],
    OUT outcome text[], OUT refused boolean[], OUT quote numeric[], OUT refused_at bigint[]
) LANGUAGE plpgsql SET accounting.moving = 'on' SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan AS $place$
DECLARE
    holds integer := cardinality(p_hold);
    seats integer := cardinality(p_seat_of);
    budgets integer := cardinality(p_budget_of);
    caps integer := cardinality(p_cap_of);
    places integer[];
    rooms bigint[];
    room bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_account)]);  -- NULL: no such account
    taken bigint[] := array_fill(0::bigint, ARRAY[cardinality(p_account)]);
    known uuid[];
    no_earner bigint[];
    left_out text[] := array_fill('[]'::text, ARRAY[cardinality(p_hold)]);
    seat integer := 1;
    budget integer := 1;
    cap integer := 1;
    first_seat integer;
    first_budget integer;
    seat_budget integer;
    first_cap integer;
    at integer;
    block bigint;
    no_room boolean;
    any_refused boolean;
    said text;
    charges numeric;
    floors numeric;
    total numeric;
    placed integer := 0;
    written integer;
BEGIN
    said := set_config('synchronous_commit', 'off', true);
    outcome := array_fill(NULL::text, ARRAY[holds]);
    refused := array_fill(false, ARRAY[seats]);
    quote := array_fill(0::numeric, ARRAY[holds]);
    refused_at := array_fill(NULL::bigint, ARRAY[holds]);
    SELECT array_agg(a.place), array_agg(a.room) INTO places, rooms FROM (
        SELECT u.place::integer, CASE WHEN NOT a.limited THEN 9223372036854775807 ELSE
            LEAST(a.credits_posted - a.debits_posted,
                COALESCE(a.stated_limit, a.credits_posted) - a.debits_posted + a.withdrawn)
                - a.debits_pending END AS room
        FROM unnest(p_account, p_kind) WITH ORDINALITY u(id, kind, place)
        JOIN accounting_account a ON a.id = u.id AND a.kind = u.kind
        ORDER BY u.place FOR NO KEY UPDATE OF a
    ) a;
    IF cardinality(rooms) = cardinality(p_account) THEN
        room := rooms;
    ELSE
        FOR i IN 1..COALESCE(cardinality(places), 0) LOOP
            room[places[i]] := rooms[i];
        END LOOP;
    END IF;
    SELECT (SELECT array_agg(id) FROM accounting_hold WHERE id = ANY (p_hold)),
        (SELECT array_agg(e) FROM unnest(p_seat_earnings) e
            WHERE NOT EXISTS (SELECT 1 FROM accounting_account a WHERE a.id = e AND a.kind = 'earnings'))
    INTO known, no_earner;

    FOR h IN 1..holds LOOP
        said := CASE WHEN p_hold[h] = ANY (known) THEN 'repeated' ELSE 'placed' END;
        charges := 0;
        floors := 0;
        any_refused := false;
        first_seat := seat;
        first_budget := budget;
        WHILE seat <= seats AND p_seat_of[seat] = h LOOP
            block := p_seat_block[seat];
            no_room := block <= 0;
            seat_budget := budget;
            IF said = 'placed' AND p_seat_earnings[seat] = ANY (no_earner) THEN said := 'account'; END IF;
            WHILE budget <= budgets AND p_budget_of[budget] = seat LOOP
                at := p_budget_at[budget];
                IF room[at] IS NULL THEN
                    said := CASE said WHEN 'placed' THEN 'account' ELSE said END;
                ELSE
                    no_room := no_room OR room[at] - taken[at] < block;
                END IF;
                budget := budget + 1;
            END LOOP;
            refused[seat] := no_room OR said <> 'placed';
            IF refused[seat] THEN
                any_refused := true;
            ELSE
                FOR i IN seat_budget..budget - 1 LOOP
                    taken[p_budget_at[i]] := taken[p_budget_at[i]] + block;
                END LOOP;
                charges := charges + p_seat_quote[seat];
                floors := floors + p_seat_floor[seat];
            END IF;
            seat := seat + 1;
        END LOOP;
        total := charges + floors + div(charges * p_fee_basis_points[h], 10000);
        IF said = 'placed' AND total > p_most_money[h] THEN
            said := 'price';
            refused_at[h] := p_most_money[h];
        END IF;
        first_cap := cap;
        WHILE cap <= caps AND p_cap_of[cap] = h LOOP
            cap := cap + 1;
        END LOOP;
        FOR i IN first_cap - 1..cap - 1 LOOP  -- the wallet, then the caps
            EXIT WHEN said <> 'placed';
            at := CASE WHEN i < first_cap THEN p_wallet_at[h] ELSE p_cap_at[i] END;
            IF room[at] IS NULL THEN
                said := 'account';
            ELSIF room[at] - taken[at] < total THEN
                said := 'money';
                refused_at[h] := p_account[at];
            END IF;
        END LOOP;
        IF said = 'placed' THEN
            taken[p_wallet_at[h]] := taken[p_wallet_at[h]] + total;
            FOR i IN first_cap..cap - 1 LOOP
                taken[p_cap_at[i]] := taken[p_cap_at[i]] + total;
            END LOOP;
            placed := placed + 1;
            IF any_refused THEN
                left_out[h] := (SELECT jsonb_agg(p_seat_label[s] ORDER BY s)::text
                    FROM generate_series(first_seat, seat - 1) s WHERE refused[s]);
            END IF;
        ELSE  -- what its seats had taken is there for the next one
            FOR i IN first_budget..budget - 1 LOOP
                CONTINUE WHEN refused[p_budget_of[i]];
                taken[p_budget_at[i]] := taken[p_budget_at[i]] - p_seat_block[p_budget_of[i]];
            END LOOP;
        END IF;
        outcome[h] := said;
        quote[h] := total;
    END LOOP;
    IF placed = 0 THEN RETURN; END IF;

    UPDATE accounting_account a SET debits_pending = a.debits_pending + u.amount
    FROM unnest(p_account, taken) u(id, amount) WHERE a.id = u.id AND u.amount > 0;
    INSERT INTO accounting_hold (id, digest, refused, wallet_id, spend_cap_account_ids, state,
        settlement_digest, reason, held_micro_usd, fee_basis_points, tokens_drawn, tokens_delivered, detail,
        created_at, expires_at)
    SELECT h.id, h.digest, h.left_out::jsonb, p_account[h.wallet_at], h.caps::jsonb, 'open', '', '', h.quote,
        h.fee_basis_points, 0, 0, h.detail::jsonb, h.now, h.expires
    FROM unnest(p_hold, p_digest, left_out, p_wallet_at, p_caps, quote, p_fee_basis_points, p_detail, p_now,
        p_expires, outcome)
        h(id, digest, left_out, wallet_at, caps, quote, fee_basis_points, detail, now, expires, outcome)
    WHERE h.outcome = 'placed' ORDER BY h.id
    ON CONFLICT (id) DO NOTHING;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> placed THEN  -- another call with one of these ids was faster: undo, and ask again
        RAISE EXCEPTION USING ERRCODE = 'BX409', MESSAGE = 'repeated';
    END IF;
    INSERT INTO accounting_holdline (hold_id, label, earnings_account_id, budget_account_ids, cap_nano_nats,
        price_micro_usd_per_nat, floor_micro_usd, ceiling_micro_usd, charged_by, held_nano_nats,
        drawn_nano_nats, delivered_nano_nats)
    SELECT p_hold[s.of], s.label, s.earnings, s.budgets::jsonb, s.cap, s.price, s.floor_price, s.ceiling,
        s.charged_by, s.block, 0, 0
    FROM unnest(p_seat_of, p_seat_label, p_seat_earnings, p_seat_budgets, p_seat_cap, p_seat_price,
            p_seat_floor, p_seat_ceiling, p_seat_charged_by, p_seat_block, refused)
        s(of, label, earnings, budgets, cap, price, floor_price, ceiling, charged_by, block, out)
    WHERE NOT s.out AND outcome[s.of] = 'placed';
END $place$
