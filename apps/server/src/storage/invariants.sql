-- What is always true of this database, one query each; a row is a violation.
-- A head line `-- I1: sentence` gives the id of the invariant and begins its query.

-- I1: every fen WeChat took is on exactly one order, or in suspense with its reason
select merchant_id, order_number, o.transaction_id as on_order, p.transaction_id as taken,
       o.paid_fen, p.amount_fen, o.paid_at, p.success_time
  from (select * from orders where status = 'paid') o
  full join (select * from payments where disposition = 'order') p using (merchant_id, order_number)
 where (o.transaction_id, o.paid_fen, o.paid_at) is distinct from (p.transaction_id, p.amount_fen, p.success_time)
union all
select merchant_id, order_number, null, transaction_id, null, amount_fen, null, success_time
  from payments where (disposition = 'suspense') <> (reason is not null)
union all
select merchant_id, order_number, null, transaction_id, null, amount_fen, null, success_time
  from payments p
 where p.disposition = 'suspense' and not exists (
   select from flags f where (f.merchant_id, f.kind, f.subject_id) = (p.merchant_id, p.reason, p.transaction_id)
      and (f.resolved_at is null or f.resolved_by <> 'fenpay' or p.amount_fen = (
        select b.refunded_fen from payment_balances b
         where (b.merchant_id, b.transaction_id) = (p.merchant_id, p.transaction_id))))

-- I2: no order is paid by two payments, and WeChat can take money through one attempt of it at most
select merchant_id, order_number, 'payments' as what, count(*)
  from payments where disposition = 'order' group by merchant_id, order_number having count(*) > 1
union all
select merchant_id, order_number, 'live attempts', count(*)
  from attempts where status in ('intended', 'unknown', 'prepaid') group by merchant_id, order_number having count(*) > 1
union all
select merchant_id, order_number, 'live attempt, looked at no more, of an order that is ' || o.status, count(*)
  from orders o join attempts a using (merchant_id, order_number)
 where (o.status = 'closed' or (o.status = 'paid' and o.next_check_at is null)) and a.status in ('intended', 'unknown', 'prepaid')
 group by merchant_id, order_number, o.status
union all
select p.merchant_id, p.order_number, 'duplicate payment ' || p.transaction_id || ' without flag or refund', 1
  from payments p
 where p.reason = 'duplicate_payment' and not exists (
   select from flags f
    where (f.merchant_id, f.kind, f.subject_id) = (p.merchant_id, p.reason, p.transaction_id)
      -- What was learnt of after 365 days WeChat does not give back any more (F31).
      and (f.opened_at > p.success_time + interval '8760 hours'
           or exists (select from refunds r where (r.merchant_id, r.transaction_id) = (p.merchant_id, p.transaction_id))))

-- I3: what paid an order is equal, fact by fact, to what its attempt asked for
select p.merchant_id, p.transaction_id, p.out_trade_no, p.order_number, a.status
  from payments p
  left join attempts a using (merchant_id, out_trade_no)
  left join orders o on (o.merchant_id, o.order_number) = (a.merchant_id, a.order_number)
 where p.disposition = 'order'
   and (a.order_number is distinct from p.order_number or a.status <> 'paid' or o.status is distinct from 'paid'
        or p.currency <> 'CNY' or p.amount_fen <> a.total_fen or p.amount_fen <> o.total_fen
        or a.appid <> o.appid or a.openid <> o.openid)
union all
select a.merchant_id, p.transaction_id, a.out_trade_no, a.order_number, a.status
  from attempts a left join payments p using (merchant_id, out_trade_no)
 where a.status = 'paid' and p.transaction_id is null

-- I4: an order moves only along its edges, each event beginning where the last one ended
select merchant_id, order_number, seq, before, from_status, to_status
  from (select *, lag(to_status) over (partition by merchant_id, order_number order by seq) as before from order_events) e
 where before is distinct from from_status
    or (from_status is null) <> (seq = 1)
    or (coalesce(from_status, ''), to_status) not in (
         ('', 'pending'), ('pending', 'pending'), ('pending', 'closing'), ('pending', 'paid'), ('pending', 'closed'),
         ('closing', 'closing'), ('closing', 'paid'), ('closing', 'closed'), ('paid', 'paid'), ('closed', 'closed'))

-- I5: paid and closed are final
select merchant_id, order_number, o.status, e.seq, e.to_status
  from orders o join order_events e using (merchant_id, order_number)
 where e.to_status in ('paid', 'closed') and e.to_status <> o.status

-- I6: each change of an order is one event with its cause and actor, and no event is missing
select o.merchant_id, o.order_number, o.status, o.event_count, count(e.seq) as written, max(e.seq) as last
  from orders o left join order_events e using (merchant_id, order_number)
 group by o.merchant_id, o.order_number
having count(e.seq) <> o.event_count or max(e.seq) is distinct from o.event_count or min(e.seq) is distinct from 1
    or (array_agg(e.to_status order by e.seq desc))[1] is distinct from o.status
    or bool_or(e.kind = '' or e.cause = '' or e.actor = '')
    or count(*) filter (where e.from_status <> e.to_status)
       <> case when o.status = 'pending' then 0 when exists (
            select from order_events c where (c.merchant_id, c.order_number) = (o.merchant_id, o.order_number)
               and c.to_status = 'closing') and o.status <> 'closing' then 2 else 1 end

-- I7: the entries of each posting sum to zero, and each account's balance is the sum of its entries
select merchant_id, kind, source_id, null as account, sum(amount_fen) as fen, count(*)
  from ledger_postings left join ledger_entries using (merchant_id, kind, source_id)
 group by merchant_id, kind, source_id having coalesce(sum(amount_fen), 1) <> 0 or count(*) <> 2
union all
select merchant_id, null, null, account, coalesce(e.fen, 0) - coalesce(b.fen, 0), null
  from (select merchant_id, account, sum(amount_fen) as fen from ledger_entries group by merchant_id, account) e
  full join (select merchant_id, account, sum(balance_fen) as fen from ledger_balances group by merchant_id, account) b
    using (merchant_id, account)
 where e.fen is distinct from b.fen

-- I8: nobody but the database's owner can change what the ledger and the history of money say
select t.name, p.privilege
  from unnest(array['ledger_postings', 'ledger_entries', 'payments', 'order_events', 'refund_lines']) as t (name),
       unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) as p (privilege),
       pg_roles r
 where r.rolname = 'fenpay_app' and has_table_privilege(r.oid, t.name, p.privilege)
union all
select t.name, 'no guard'
  from unnest(array['ledger_postings', 'ledger_entries', 'payments', 'order_events', 'refund_lines']) as t (name)
 where not exists (select from pg_trigger g where g.tgrelid = t.name::regclass and g.tgname = t.name || '_append_only'
                      and g.tgenabled = 'O')

-- I9: one payment is recorded once, and its order's history tells of it once; the ledger has what became of each payment and refund, and nothing else
select merchant_id, out_trade_no as subject, 'payments' as what, count(*)
  from payments group by merchant_id, out_trade_no having count(*) > 1
union all
select o.merchant_id, o.order_number, 'paid events', count(e.seq)
  from orders o left join order_events e
    on (e.merchant_id, e.order_number, e.kind) = (o.merchant_id, o.order_number, 'paid')
 group by o.merchant_id, o.order_number having count(e.seq) <> (o.status = 'paid')::integer
union all
select p.merchant_id, p.transaction_id, 'suspense events', count(e.seq)
  from payments p left join order_events e
    on (e.merchant_id, e.order_number, e.kind) = (p.merchant_id, p.order_number, 'payment_suspended')
   and e.detail ->> 'transaction_id' = p.transaction_id
 where p.disposition = 'suspense' and p.order_number is not null
 group by p.merchant_id, p.transaction_id having count(e.seq) <> 1

union all
select f.merchant_id, f.source_id, 'postings of a payment', count(p.kind)
  from (select merchant_id, transaction_id as source_id,
               case disposition when 'order' then 'payment_received' else 'payment_suspended' end as kind, amount_fen
          from payments where amount_fen > 0) f
  left join ledger_postings p on (p.merchant_id, p.kind, p.source_id) = (f.merchant_id, f.kind, f.source_id)
  left join ledger_entries e on (e.merchant_id, e.kind, e.source_id, e.account) = (f.merchant_id, f.kind, f.source_id, 'wechat_receivable')
 group by f.merchant_id, f.source_id, f.amount_fen having count(p.kind) <> 1 or sum(e.amount_fen) <> f.amount_fen
union all
select r.merchant_id, r.out_refund_no, 'postings of a refund that is ' || r.status, count(p.kind)
  from refunds r
  left join ledger_postings p on (p.merchant_id, p.source_id) = (r.merchant_id, r.out_refund_no) and p.kind like 'refund_%'
 group by r.merchant_id, r.out_refund_no, r.status, r.accepted_at
having count(p.kind) <> case when r.accepted_at is null then 0 when r.status in ('processing', 'abnormal') then 1
                             -- Accepted, returned, and given all the same.
                             when bool_or(p.kind = 'refund_corrected') then 3 else 2 end
    or bool_or(p.kind = 'refund_corrected') and (r.status <> 'succeeded' or not bool_or(p.kind = 'refund_returned'))
union all
select p.merchant_id, p.transaction_id, 'fen of a payment in ' || f.account, coalesce(e.amount_fen, 0)
  from payments p
  cross join lateral (
    select case p.disposition when 'order' then 'payment_received' else 'payment_suspended' end as kind,
           case p.disposition when 'order' then 'revenue' else 'suspense' end as account) f
  left join ledger_entries e on (e.merchant_id, e.kind, e.source_id, e.account) = (p.merchant_id, f.kind, p.transaction_id, f.account)
 where coalesce(e.amount_fen, 0) <> -p.amount_fen
union all
select r.merchant_id, r.out_refund_no, 'fen in ' || f.account || ' of a refund that is ' || r.status, coalesce(e.fen, 0)
  from refunds r
  join payments p using (merchant_id, transaction_id)
  cross join lateral (values
    (case p.disposition when 'order' then 'refunds' else 'suspense' end,
     case when r.status in ('processing', 'abnormal', 'succeeded', 'settled') then r.amount_fen else 0 end),
    ('refunds_in_transit', case when r.status in ('processing', 'abnormal') then -r.amount_fen else 0 end),
    ('wechat_receivable', case r.status when 'succeeded' then -r.amount_fen else 0 end),
    ('paid_elsewhere', case r.status when 'settled' then -r.amount_fen else 0 end)) f (account, fen)
  left join (select merchant_id, source_id, account, sum(amount_fen) as fen from ledger_entries
              where kind like 'refund_%' group by merchant_id, source_id, account) e
    on (e.merchant_id, e.source_id, e.account) = (r.merchant_id, r.out_refund_no, f.account)
 where coalesce(e.fen, 0) <> f.fen
union all
select l.merchant_id, l.source_id, 'nothing that is posted: ' || l.kind, 1
  from ledger_postings l
  left join payments p on (p.merchant_id, p.transaction_id) = (l.merchant_id, l.source_id) and l.kind like 'payment_%'
  left join refunds r on (r.merchant_id, r.out_refund_no) = (l.merchant_id, l.source_id) and l.kind like 'refund_%'
 where p.transaction_id is null and r.out_refund_no is null

-- I10: refunds hold no more of a payment than it took, nor more pieces than were bought, and the columns say what they hold
select b.merchant_id, b.transaction_id as subject, b.paid_fen as has, b.reserved_fen, b.refunded_fen, held.fen as held, held.back,
       b.refund_count - held.refunds as too_many
  from payment_balances b
  join payments p using (merchant_id, transaction_id)
  cross join lateral (
    select coalesce(sum(amount_fen) filter (where status not in ('closed', 'refused')), 0) as fen,
           coalesce(sum(amount_fen) filter (where status in ('succeeded', 'settled')), 0) as back,
           count(*) filter (where status <> 'refused') as refunds
      from refunds r where (r.merchant_id, r.transaction_id) = (b.merchant_id, b.transaction_id)) held
 where held.fen <> b.reserved_fen or held.back <> b.refunded_fen or held.fen > p.amount_fen or b.paid_fen <> p.amount_fen
    or held.refunds <> b.refund_count
union all
select l.merchant_id, l.order_number || ' ' || l.sku, l.quantity, l.refund_held_quantity, null, held.pieces, null, null
  from order_lines l
  cross join lateral (
    select coalesce(sum(r.quantity), 0) as pieces
      from refund_lines r join refunds f using (merchant_id, out_refund_no)
     where (r.merchant_id, r.order_number, r.sku) = (l.merchant_id, l.order_number, l.sku)
       and f.holds_pieces and f.status not in ('closed', 'refused')) held
 where held.pieces <> l.refund_held_quantity or held.pieces > l.quantity
union all
select o.merchant_id, o.order_number, o.total_fen, null, o.refunded_fen, null, coalesce(b.refunded_fen, 0), null
  from orders o left join payment_balances b using (merchant_id, transaction_id)
 where o.refunded_fen <> coalesce(b.refunded_fen, 0)

-- I11: a refund of WeChat's is one of ours
select merchant_id, refund_id, count(*) from refunds where refund_id is not null
 group by merchant_id, refund_id having count(*) > 1

-- I12: of each product, what open orders hold is reserved, what paid orders hold is sold, and the rest is free
select p.merchant_id, p.sku, p.stock_total, p.stock_free, p.stock_reserved, p.stock_sold, held.reserved, held.sold
  from products p
  cross join lateral (
    select coalesce(sum(l.quantity) filter (where o.status in ('pending', 'closing')), 0) as reserved,
           coalesce(sum(l.quantity) filter (where o.status = 'paid'), 0) as sold
      from order_lines l join orders o using (merchant_id, order_number)
     where (l.merchant_id, l.sku) = (p.merchant_id, p.sku)) held
 where p.stock_reserved <> held.reserved or p.stock_sold <> held.sold or p.stock_free < 0
    or p.stock_free + p.stock_reserved + p.stock_sold <> p.stock_total

-- I13: stock is sold once for a paid order, released once for a closed one, and kept for an open one
select merchant_id, order_number, o.status, s.outcome
  from orders o left join stock_settlements s using (merchant_id, order_number)
 where s.outcome is distinct from case o.status when 'paid' then 'sold' when 'closed' then 'released' end

-- I15: goods go out for a paid order alone, and what is told of an order once stands in the outbox once
select merchant_id, order_number, o.status, 'shipped' as what
  from shipments join orders o using (merchant_id, order_number) where o.status <> 'paid'
union all
select merchant_id, order_number, o.status, 'told: ' || kind
  from outbox join orders o using (merchant_id, order_number)
 where kind in ('upload_shipping', 'paid_message', 'shipping_deadline') and o.status <> 'paid'
union all
select merchant_id, order_number, null, 'twice: ' || kind
  from outbox where kind in ('paid_message', 'shipping_deadline') and order_number is not null
 group by merchant_id, order_number, kind having count(*) > 1

-- I16: a notification that had an effect is in the inbox with it, and no verdict speaks of an effect that is not there
select p.merchant_id, p.transaction_id, null as inbox_id, null as verdict
  from payments p
 where p.source = 'notify' and not exists (
   select from notify_inbox n where (n.merchant_id, n.transaction_id) = (p.merchant_id, p.transaction_id)
      and n.verdict in ('applied', 'suspended'))
union all
select n.merchant_id, n.transaction_id, n.inbox_id, n.verdict
  from notify_inbox n
 where n.verdict in ('applied', 'repeated', 'suspended') and not exists (
   select from payments p where (p.merchant_id, p.transaction_id) = (n.merchant_id, n.transaction_id))

-- I17: the total of an order is the sum of its lines, at least one fen
select o.merchant_id, o.order_number, o.total_fen, sum(l.amount_fen) as lines_fen
  from orders o left join order_lines l using (merchant_id, order_number)
 group by o.merchant_id, o.order_number
having o.total_fen is distinct from sum(l.amount_fen) or o.total_fen < 1
    or bool_or(l.amount_fen <> l.price_fen * l.quantity or l.quantity < 1)

-- I18: who paid is who ordered
select merchant_id, order_number, transaction_id
  from payments p join orders o using (merchant_id, order_number, transaction_id)
 where p.disposition = 'order' and p.payer_openid <> o.openid

-- I19: an order belongs to the user whose openid it was made with
select o.merchant_id, o.order_number, o.user_id
  from orders o left join users u using (merchant_id, user_id)
 where (u.appid, u.openid) is distinct from (o.appid, o.openid)

-- I20: an Idempotency-Key stands for one order of its user, and no order stands under two keys
select k.merchant_id, k.user_id, k.key, k.answer ->> 'order_number' as order_number
  from idempotency_keys k
 where k.route = 'submit-order' and not exists (
   select from orders o
    where (o.merchant_id, o.user_id, o.order_number) = (k.merchant_id, k.user_id, k.answer ->> 'order_number'))
union all
select merchant_id, min(user_id), min(key), answer ->> 'order_number'
  from idempotency_keys where route = 'submit-order'
 group by merchant_id, answer ->> 'order_number' having count(*) > 1
