-- Orders, their lines, their attempts at payment, what WeChat says was paid, and an event for each change.

create table orders (
  merchant_id  text not null,
  order_number text not null,
  user_id      text not null,
  appid        text not null,
  openid       text not null,
  status       text not null check (status in ('pending', 'closing', 'paid', 'closed')),
  total_fen    bigint not null check (total_fen between 1 and 10000000),
  remark       text,
  created_at   timestamptz not null,
  expires_at   timestamptz not null,
  paid_fen     bigint,
  paid_at      timestamptz,
  transaction_id text,
  closed_at    timestamptz,
  event_count  integer not null default 0,
  primary key (merchant_id, order_number),
  foreign key (merchant_id, user_id) references users,
  -- A paid order was paid in full (I3), and only a paid one has a payment.
  constraint order_paid_in_full check ((status = 'paid') = (paid_fen is not distinct from total_fen and paid_fen is not null)),
  constraint order_paid_facts check ((status = 'paid') = (paid_at is not null) and (status = 'paid') = (transaction_id is not null)),
  constraint order_closed_at check ((status = 'closed') = (closed_at is not null))
);
comment on column orders.paid_at is 'WeChat''s success_time; our clock has no say in it (I26).';
create index orders_of_user on orders (merchant_id, user_id, created_at desc, order_number desc);
create index orders_open on orders (merchant_id, user_id) where status in ('pending', 'closing');

create table order_lines (
  merchant_id  text not null,
  order_number text not null,
  line         integer not null check (line >= 1),
  sku          text not null,
  name         text not null,
  price_fen    bigint not null check (price_fen >= 1),
  quantity     integer not null check (quantity between 1 and 999),
  amount_fen   bigint generated always as (price_fen * quantity) stored,
  primary key (merchant_id, order_number, line),
  unique (merchant_id, order_number, sku),
  foreign key (merchant_id, order_number) references orders
);

-- Each order's stock is settled once: sold when it is paid, released when it is closed (I13).
create table stock_settlements (
  merchant_id  text not null,
  order_number text not null,
  outcome      text not null check (outcome in ('sold', 'released')),
  settled_at   timestamptz not null default now(),
  primary key (merchant_id, order_number),
  foreign key (merchant_id, order_number) references orders
);

create table attempts (
  merchant_id  text not null,
  out_trade_no text not null check (out_trade_no ~ '^[0-9A-Za-z_-]{6,32}$'),
  order_number text not null,
  seq          integer not null check (seq >= 1),
  pay_api      text not null check (pay_api in ('v3', 'v2-md5', 'v2-hmac-sha256')),
  status       text not null check (status in ('intended', 'unknown', 'prepaid', 'refused', 'closed', 'paid')),
  appid        text not null,
  openid       text not null,
  total_fen    bigint not null check (total_fen >= 1),
  description  text not null,
  notify_url   text not null,
  client_ip    text not null,
  time_expire  timestamptz not null,
  prepay_id    text,
  prepay_expires_at timestamptz,
  created_at   timestamptz not null,
  primary key (merchant_id, out_trade_no),
  unique (merchant_id, order_number, seq),
  foreign key (merchant_id, order_number) references orders,
  constraint attempt_prepay_facts check ((prepay_id is null) = (prepay_expires_at is null)),
  constraint attempt_prepaid_has_id check (status <> 'prepaid' or prepay_id is not null)
);
comment on table attempts is 'One out_trade_no at WeChat. Committed before WeChat is called, and sent again unchanged at each retry.';
-- One live attempt per order, so that two of ours cannot both take money (I2).
create unique index attempts_one_live on attempts (merchant_id, order_number) where status in ('intended', 'unknown', 'prepaid');

create table payments (
  merchant_id    text not null,
  transaction_id text not null,
  out_trade_no   text not null,
  order_number   text,
  amount_fen     bigint not null check (amount_fen >= 0),
  currency       text not null,
  payer_openid   text not null,
  success_time   timestamptz not null,
  disposition    text not null check (disposition in ('order', 'suspense')),
  reason         text,
  source         text not null check (source in ('notify', 'query')),
  recorded_at    timestamptz not null default now(),
  primary key (merchant_id, transaction_id),
  foreign key (merchant_id, order_number) references orders,
  constraint suspense_has_reason check ((disposition = 'suspense') = (reason is not null)),
  constraint order_has_number check (disposition <> 'order' or order_number is not null)
);
comment on table payments is 'Money that WeChat says it took: on an order, or in suspense with the reason (I1).';
create unique index payments_one_per_order on payments (merchant_id, order_number) where disposition = 'order';

create table order_events (
  merchant_id  text not null,
  order_number text not null,
  seq          integer not null check (seq >= 1),
  kind         text not null,
  from_status  text,
  to_status    text not null,
  cause        text not null,
  actor        text not null,
  detail       jsonb not null default '{}',
  at           timestamptz not null,
  primary key (merchant_id, order_number, seq),
  foreign key (merchant_id, order_number) references orders
);

create table idempotency_keys (
  merchant_id  text not null,
  user_id      text not null,
  route        text not null,
  key          text not null,
  request_hash bytea not null,
  answer       jsonb not null,
  created_at   timestamptz not null default now(),
  primary key (merchant_id, user_id, route, key)
);

-- What WeChat sent, as it came, kept before any work; the verdict follows (I16).
create table notify_inbox (
  merchant_id    text not null references merchants,
  inbox_id       text not null,
  pay_api        text not null,
  received_at    timestamptz not null,
  headers        jsonb not null,
  body           bytea not null,
  verdict        text check (verdict in ('applied', 'repeated', 'suspended', 'ignored', 'refused')),
  reason         text,
  out_trade_no   text,
  transaction_id text,
  decided_at     timestamptz,
  primary key (merchant_id, inbox_id),
  constraint verdict_has_time check ((verdict is null) = (decided_at is null))
);
create index notify_inbox_by_number on notify_inbox (merchant_id, out_trade_no);
