-- Refunds and what users ask for, the double-entry ledger, and flags: what a person must look at.

-- A refund goes to WeChat by the protocol of its payment, in the name of its app.
alter table payments add column pay_api text;
alter table payments add column appid text;
alter table payments disable trigger payments_append_only;
update payments p set pay_api = a.pay_api, appid = a.appid
  from attempts a where (a.merchant_id, a.out_trade_no) = (p.merchant_id, p.out_trade_no);
update payments p
   set pay_api = (select m.pay_api from merchants m where m.merchant_id = p.merchant_id),
       appid = (select min(a.appid) from apps a where a.merchant_id = p.merchant_id)
 where p.pay_api is null;
alter table payments enable trigger payments_append_only;
alter table payments alter column pay_api set not null, alter column appid set not null,
  add constraint payments_pay_api check (pay_api in ('v3', 'v2-md5', 'v2-hmac-sha256'));

-- I10: what refunds hold of a payment never exceeds what it took. The triggers on refunds keep the columns.
create table payment_balances (
  merchant_id    text not null,
  transaction_id text not null,
  paid_fen       bigint not null,
  reserved_fen   bigint not null default 0,
  refunded_fen   bigint not null default 0,
  refund_count   integer not null default 0,
  last_refund_at timestamptz,
  primary key (merchant_id, transaction_id),
  foreign key (merchant_id, transaction_id) references payments,
  constraint refund_within_payment check (0 <= refunded_fen and refunded_fen <= reserved_fen and reserved_fen <= paid_fen),
  constraint refunds_at_most_50 check (refund_count between 0 and 50)
);
comment on column payment_balances.reserved_fen is 'Held by refunds, the succeeded ones too; free again when one is closed or refused.';
insert into payment_balances (merchant_id, transaction_id, paid_fen) select merchant_id, transaction_id, amount_fen from payments;

create function open_payment_balance() returns trigger language plpgsql as $$
begin
  insert into payment_balances (merchant_id, transaction_id, paid_fen)
  values (new.merchant_id, new.transaction_id, new.amount_fen);
  return null;
end $$;
create trigger payment_opens_balance after insert on payments for each row execute function open_payment_balance();

alter table orders add column refunded_fen bigint not null default 0;
alter table orders add constraint refunded_within_total check (refunded_fen between 0 and total_fen);
comment on column orders.refunded_fen is 'What the user has back of the payment that paid it; kept by the trigger on refunds.';

alter table order_lines add column refund_held_quantity integer not null default 0;
alter table order_lines add constraint refund_within_line check (refund_held_quantity between 0 and quantity);

create table refunds (
  merchant_id     text not null,
  out_refund_no   text not null check (out_refund_no ~ '^[0-9A-Za-z_|*@-]{1,64}$'),
  transaction_id  text not null,
  out_trade_no    text not null,
  order_number    text,
  pay_api         text not null check (pay_api in ('v3', 'v2-md5', 'v2-hmac-sha256')),
  appid           text not null,
  status          text not null check (status in ('intended', 'unknown', 'waiting_funds', 'processing', 'succeeded',
                                                  'abnormal', 'settled', 'closed', 'refused')),
  amount_fen      bigint not null check (amount_fen >= 1),
  total_fen       bigint not null,
  reason          text not null check (char_length(reason) between 1 and 80),
  notify_url      text,
  source          text not null check (source in ('staff', 'user', 'policy', 'external')),
  created_by      text not null,
  created_at      timestamptz not null,
  calls           integer not null default 0,
  last_call_at    timestamptz,
  refusal_code    text,
  refusal_message text,
  refund_id       text,
  accepted_at     timestamptz,
  success_time    timestamptz,
  decided_at      timestamptz,
  next_check_at   timestamptz,
  check_count     integer not null default 0,
  primary key (merchant_id, out_refund_no),
  -- I11: one refund of WeChat's is one of ours.
  unique (merchant_id, refund_id),
  foreign key (merchant_id, transaction_id) references payment_balances,
  foreign key (merchant_id, order_number) references orders,
  -- A refund without a result is never forgotten: it always has a next look.
  constraint refund_open_is_due check
    ((status in ('intended', 'unknown', 'waiting_funds', 'processing', 'abnormal')) = (next_check_at is not null)),
  constraint refund_accepted_facts check
    (status not in ('processing', 'succeeded', 'abnormal', 'settled') or (refund_id is not null and accepted_at is not null)),
  constraint refund_success_time check ((status = 'succeeded') = (success_time is not null)),
  constraint refund_decided_at check
    ((status in ('succeeded', 'settled', 'closed', 'refused')) = (decided_at is not null))
);
comment on table refunds is 'One out_refund_no at WeChat. Committed before WeChat is called, and sent again unchanged at each retry.';
create index refunds_of_order on refunds (merchant_id, order_number, created_at);
create index refunds_of_payment on refunds (merchant_id, transaction_id);
create index refunds_due on refunds (merchant_id, next_check_at) where next_check_at is not null;

create table refund_lines (
  merchant_id   text not null,
  out_refund_no text not null,
  order_number  text not null,
  sku           text not null,
  quantity      integer not null check (quantity >= 1),
  amount_fen    bigint not null check (amount_fen >= 1),
  primary key (merchant_id, out_refund_no, sku),
  foreign key (merchant_id, out_refund_no) references refunds,
  foreign key (merchant_id, order_number, sku) references order_lines (merchant_id, order_number, sku)
);

-- The refund's table of the domain, repeated; and what it holds is booked here, so that no path can forget it.
create function guard_refund() returns trigger language plpgsql as $$
declare
  held_before bigint := 0;
  held_after  bigint := 0;
  back        bigint := 0;
begin
  if tg_op = 'UPDATE' then
    if (old.transaction_id, old.out_trade_no, old.order_number, old.pay_api, old.appid, old.amount_fen, old.total_fen, old.reason,
        old.notify_url, old.source, old.created_by, old.created_at)
       is distinct from
       (new.transaction_id, new.out_trade_no, new.order_number, new.pay_api, new.appid, new.amount_fen, new.total_fen, new.reason,
        new.notify_url, new.source, new.created_by, new.created_at) then
      raise exception 'what refund % asked of WeChat may not change', old.out_refund_no
        using errcode = 'check_violation', constraint = 'refund_facts';
    end if;
    if old.status <> new.status and not (
         (old.status in ('intended', 'unknown', 'waiting_funds')
          and new.status in ('unknown', 'waiting_funds', 'processing', 'succeeded', 'abnormal', 'closed', 'refused'))
      or (old.status = 'processing' and new.status in ('succeeded', 'abnormal', 'closed'))
      or (old.status = 'abnormal' and new.status in ('processing', 'succeeded', 'closed', 'settled'))) then
      raise exception 'refund % may not go from % to %', old.out_refund_no, old.status, new.status
        using errcode = 'check_violation', constraint = 'refund_edges';
    end if;
    -- A look or a call moves no money. Nor may it wait for the payment, whose lock others take before this one.
    if old.status = new.status then
      return new;
    end if;
    held_before := case when old.status in ('closed', 'refused') then 0 else old.amount_fen end;
  end if;
  back := case when new.status in ('succeeded', 'settled') then new.amount_fen else 0 end
        - case when tg_op = 'UPDATE' and old.status in ('succeeded', 'settled') then old.amount_fen else 0 end;
  held_after := case when new.status in ('closed', 'refused') then 0 else new.amount_fen end;
  update payment_balances
     set reserved_fen = reserved_fen + held_after - held_before,
         refunded_fen = refunded_fen + back,
         refund_count = refund_count
           + case when new.status = 'refused' then 0 else 1 end
           - case when tg_op = 'UPDATE' and old.status <> 'refused' then 1 else 0 end,
         last_refund_at = case when tg_op = 'INSERT' then greatest(last_refund_at, new.created_at) else last_refund_at end
   where (merchant_id, transaction_id) = (new.merchant_id, new.transaction_id);
  if back <> 0 then
    update orders set refunded_fen = refunded_fen + back
     where (merchant_id, order_number, transaction_id) = (new.merchant_id, new.order_number, new.transaction_id);
  end if;
  if held_after < held_before then
    update order_lines l set refund_held_quantity = refund_held_quantity - r.quantity
      from refund_lines r
     where (r.merchant_id, r.out_refund_no) = (new.merchant_id, new.out_refund_no)
       and (l.merchant_id, l.order_number, l.sku) = (r.merchant_id, r.order_number, r.sku);
  end if;
  return new;
end $$;
create trigger refund_guard before insert or update on refunds for each row execute function guard_refund();

create function hold_refund_line() returns trigger language plpgsql as $$
begin
  update order_lines set refund_held_quantity = refund_held_quantity + new.quantity
   where (merchant_id, order_number, sku) = (new.merchant_id, new.order_number, new.sku);
  return null;
end $$;
create trigger refund_line_held after insert on refund_lines for each row execute function hold_refund_line();
create trigger refunds_kept before delete or truncate on refunds for each statement execute function refuse_change();
create trigger refund_lines_append_only before update or delete or truncate on refund_lines
  for each statement execute function refuse_change();

-- What a user asked to have back, and what the staff answered.
create table refund_requests (
  merchant_id   text not null,
  request_id    text not null,
  order_number  text not null,
  user_id       text not null,
  status        text not null check (status in ('open', 'accepted', 'declined')),
  amount_fen    bigint not null check (amount_fen >= 1),
  reason        text not null check (char_length(reason) between 1 and 80),
  items         jsonb not null default '[]',
  created_at    timestamptz not null,
  answer        text,
  answered_by   text,
  answered_at   timestamptz,
  out_refund_no text,
  primary key (merchant_id, request_id),
  foreign key (merchant_id, order_number) references orders,
  foreign key (merchant_id, out_refund_no) references refunds,
  constraint request_answered check
    ((status = 'open') = (answered_at is null) and (status = 'open') = (answered_by is null)),
  constraint request_accepted_has_refund check ((status = 'accepted') = (out_refund_no is not null))
);
create unique index refund_requests_one_open on refund_requests (merchant_id, order_number) where status = 'open';
create index refund_requests_of_order on refund_requests (merchant_id, order_number, created_at);

-- The ledger. A posting is one fact about money, told once (I9); its entries sum to zero (I7); nothing is ever changed (I8).
create table ledger_postings (
  merchant_id  text not null references merchants,
  kind         text not null check (kind in ('payment_received', 'payment_suspended', 'refund_accepted',
                                             'refund_succeeded', 'refund_returned', 'refund_paid_elsewhere')),
  source_id    text not null,
  order_number text,
  posted_at    timestamptz not null,
  primary key (merchant_id, kind, source_id)
);
comment on column ledger_postings.source_id is 'The transaction_id of a payment, the out_refund_no of a refund.';
create index ledger_postings_of_order on ledger_postings (merchant_id, order_number);

create table ledger_entries (
  merchant_id text not null,
  kind        text not null,
  source_id   text not null,
  account     text not null check (account in ('wechat_receivable', 'revenue', 'refunds', 'suspense',
                                               'refunds_in_transit', 'paid_elsewhere', 'fees')),
  amount_fen  bigint not null check (amount_fen <> 0),
  primary key (merchant_id, kind, source_id, account),
  foreign key (merchant_id, kind, source_id) references ledger_postings
);
comment on column ledger_entries.amount_fen is 'Above zero a debit, below zero a credit.';

-- The balance of an account is the sum of its eight shards: so many rows whatever the history, and postings that meet
-- rarely wait for each other.
create table ledger_balances (
  merchant_id text not null,
  account     text not null,
  shard       smallint not null check (shard between 0 and 7),
  balance_fen bigint not null,
  primary key (merchant_id, account, shard)
);

create function guard_posting_sum() returns trigger language plpgsql as $$
begin
  if coalesce((select sum(amount_fen) from ledger_entries
                where (merchant_id, kind, source_id) = (new.merchant_id, new.kind, new.source_id)), -1) <> 0 then
    raise exception 'the entries of posting % % do not sum to zero', new.kind, new.source_id
      using errcode = 'check_violation', constraint = 'posting_sums_to_zero';
  end if;
  return null;
end $$;
create constraint trigger posting_sums_to_zero after insert on ledger_postings
  deferrable initially deferred for each row execute function guard_posting_sum();
create constraint trigger entries_sum_to_zero after insert on ledger_entries
  deferrable initially deferred for each row execute function guard_posting_sum();

-- The application may only add entries; the balances follow by this function, which runs with its owner's rights.
create function book_entry() returns trigger language plpgsql security definer set search_path from current as $$
begin
  insert into ledger_balances (merchant_id, account, shard, balance_fen)
  values (new.merchant_id, new.account, abs(hashtext(new.source_id)::bigint) % 8, new.amount_fen)
  on conflict (merchant_id, account, shard) do update
     set balance_fen = ledger_balances.balance_fen + excluded.balance_fen;
  return null;
end $$;
create trigger entry_booked after insert on ledger_entries for each row execute function book_entry();

create trigger ledger_postings_append_only before update or delete or truncate on ledger_postings
  for each statement execute function refuse_change();
create trigger ledger_entries_append_only before update or delete or truncate on ledger_entries
  for each statement execute function refuse_change();

-- What was paid before there was a ledger.
insert into ledger_postings (merchant_id, kind, source_id, order_number, posted_at)
select merchant_id, case disposition when 'order' then 'payment_received' else 'payment_suspended' end, transaction_id,
       order_number, recorded_at
  from payments where amount_fen > 0;
insert into ledger_entries (merchant_id, kind, source_id, account, amount_fen)
select p.merchant_id, l.kind, p.transaction_id, e.account, e.amount_fen
  from payments p
  join ledger_postings l on (l.merchant_id, l.source_id) = (p.merchant_id, p.transaction_id)
  cross join lateral (values ('wechat_receivable', p.amount_fen),
                             (case p.disposition when 'order' then 'revenue' else 'suspense' end, -p.amount_fen))
    as e (account, amount_fen)
 order by 1, 4, 3;

create table flags (
  merchant_id  text not null references merchants,
  flag_id      text not null,
  kind         text not null,
  subject_type text not null check (subject_type in ('order', 'payment', 'refund', 'outbox', 'merchant', 'invariant', 'webhook')),
  subject_id   text not null,
  order_number text,
  evidence     jsonb not null default '{}',
  opened_at    timestamptz not null,
  resolved_at  timestamptz,
  resolved_by  text,
  note         text,
  primary key (merchant_id, flag_id),
  constraint flag_resolved check ((resolved_at is null) = (resolved_by is null) and (resolved_at is not null or note is null))
);
comment on table flags is 'What a person must look at; settled by a person, or by fenpay when the fact went away.';
create unique index flags_one_open on flags (merchant_id, kind, subject_id) where resolved_at is null;
create index flags_of_order on flags (merchant_id, order_number);

create function guard_flag() returns trigger language plpgsql as $$
begin
  if old.resolved_at is not null
     or (old.kind, old.subject_type, old.subject_id, old.order_number, old.evidence, old.opened_at)
        is distinct from (new.kind, new.subject_type, new.subject_id, new.order_number, new.evidence, new.opened_at) then
    raise exception 'a flag is kept as it was raised, and settled once' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger flag_guard before update on flags for each row execute function guard_flag();
create trigger flags_kept before delete or truncate on flags for each statement execute function refuse_change();

-- Money that was in suspense before there were flags.
insert into flags (merchant_id, flag_id, kind, subject_type, subject_id, order_number, evidence, opened_at)
select merchant_id, 'F' || upper(substr(md5(merchant_id || transaction_id), 1, 25)), reason, 'payment', transaction_id, order_number,
       jsonb_build_object('amount_fen', amount_fen, 'out_trade_no', out_trade_no), recorded_at
  from payments where disposition = 'suspense';
