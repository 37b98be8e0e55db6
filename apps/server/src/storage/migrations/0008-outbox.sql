-- What leaves this back end after a change was committed: shipping information, subscribe messages, webhooks.

alter table merchants add column shipping_management boolean not null default true;
alter table apps add column sealed_push bytea;
alter table apps add column paid_message jsonb;
comment on column apps.sealed_push is 'Token and EncodingAESKey of the message push as JSON, sealed like the AppSecret.';
comment on column apps.paid_message is 'The subscribe message after a payment: template_id, and for each key of it the fact of the order that fills it.';

create table outbox (
  merchant_id  text not null references merchants,
  outbox_id    text not null,
  kind         text not null check (kind in ('upload_shipping', 'paid_message', 'shipping_deadline', 'webhook')),
  once_key     text not null,
  order_number text,
  payload      jsonb not null,
  user_facing  boolean generated always as (kind in ('upload_shipping', 'paid_message')) stored,
  status       text not null default 'pending' check (status in ('pending', 'done', 'dead')),
  attempts     integer not null default 0 check (attempts >= 0),
  -- A try was begun and has not ended: after a crash nobody knows whether it arrived.
  in_flight    boolean not null default false,
  last_error   text,
  created_at   timestamptz not null,
  next_at      timestamptz,
  ended_at     timestamptz,
  primary key (merchant_id, outbox_id),
  -- I15: what is to happen once is written once.
  unique (merchant_id, kind, once_key),
  foreign key (merchant_id, order_number) references orders,
  -- What is pending is never forgotten: it always has a next try.
  constraint outbox_pending_is_due check ((status = 'pending') = (next_at is not null)),
  constraint outbox_ended_at check ((status = 'pending') = (ended_at is null)),
  constraint outbox_dead_has_error check (status <> 'dead' or last_error is not null)
);
comment on column outbox.next_at is 'Null once it has ended. While somebody works on it, when the next may if that one does not come back.';
comment on column outbox.attempts is 'Counted as a try begins; it is also the version that a late result is compared with.';
create index outbox_user_facing on outbox (merchant_id, created_at desc) where status = 'pending' and user_facing;
create index outbox_due on outbox (merchant_id, next_at) where status = 'pending' and not user_facing;
create index outbox_of_order on outbox (merchant_id, order_number);
create index outbox_dead on outbox (merchant_id, ended_at) where status = 'dead';

create function guard_outbox() returns trigger language plpgsql as $$
begin
  if (old.kind, old.once_key, old.order_number, old.payload, old.created_at)
     is distinct from (new.kind, new.once_key, new.order_number, new.payload, new.created_at) then
    raise exception 'what outbox item % says may not change', old.outbox_id
      using errcode = 'check_violation', constraint = 'outbox_facts';
  end if;
  -- Only a person sends something again: a webhook that arrived, or what was given up.
  if old.status <> new.status and not (old.status = 'pending' or (new.status = 'pending' and new.attempts = 0
       and (old.status = 'dead' or old.kind = 'webhook'))) then
    raise exception 'outbox item % may not go from % to %', old.outbox_id, old.status, new.status
      using errcode = 'check_violation', constraint = 'outbox_edges';
  end if;
  return new;
end $$;
create trigger outbox_guard before update on outbox for each row execute function guard_outbox();
create trigger outbox_kept before delete or truncate on outbox for each statement execute function refuse_change();

-- The shipping information of an order, as it goes to WeChat.
create table shipments (
  merchant_id  text not null,
  order_number text not null,
  revision     integer not null default 1 check (revision >= 1),
  how          text not null check (how in ('express', 'city', 'pickup', 'virtual', 'elsewhere')),
  company      text,
  tracking_no  text,
  contact      text,
  status       text not null check (status in ('recorded', 'uploaded', 'refused')),
  refusal      text,
  recorded_at  timestamptz not null,
  uploaded_at  timestamptz,
  confirmed_at timestamptz,
  settled_at   timestamptz,
  primary key (merchant_id, order_number),
  foreign key (merchant_id, order_number) references orders,
  constraint express_has_number check ((how = 'express') = (company is not null and tracking_no is not null)),
  constraint shipment_uploaded_at check ((status = 'uploaded') = (uploaded_at is not null)),
  constraint shipment_refusal check ((status = 'refused') = (refusal is not null))
);
comment on column shipments.how is 'elsewhere: entered in WeChat''s own console, known to us by its message.';

create function guard_shipment() returns trigger language plpgsql as $$
begin
  if old.status <> new.status and (old.status, new.status) not in
     (('recorded', 'uploaded'), ('recorded', 'refused'), ('refused', 'recorded'), ('refused', 'uploaded')) then
    raise exception 'the shipment of order % may not go from % to %', old.order_number, old.status, new.status
      using errcode = 'check_violation', constraint = 'shipment_edges';
  end if;
  if (old.how, old.company, old.tracking_no, old.contact, old.revision)
     is distinct from (new.how, new.company, new.tracking_no, new.contact, new.revision)
     and (old.status <> 'refused' or new.status <> 'recorded' or new.revision <> old.revision + 1) then
    raise exception 'what was shipped for order % may change only after WeChat refused it', old.order_number
      using errcode = 'check_violation', constraint = 'shipment_facts';
  end if;
  if (old.confirmed_at is not null and old.confirmed_at is distinct from new.confirmed_at)
     or (old.settled_at is not null and old.settled_at is distinct from new.settled_at) then
    raise exception 'order % was confirmed or settled before', old.order_number
      using errcode = 'check_violation', constraint = 'shipment_once';
  end if;
  return new;
end $$;
create trigger shipment_guard before update on shipments for each row execute function guard_shipment();
create trigger shipments_kept before delete or truncate on shipments for each statement execute function refuse_change();

create function guard_shipment_of_paid() returns trigger language plpgsql as $$
begin
  if not exists (select from orders o where (o.merchant_id, o.order_number) = (new.merchant_id, new.order_number) and o.status = 'paid') then
    raise exception 'order % is not paid and cannot be shipped', new.order_number
      using errcode = 'check_violation', constraint = 'shipment_of_paid_order';
  end if;
  return new;
end $$;
create trigger shipment_of_paid before insert on shipments for each row execute function guard_shipment_of_paid();

-- What the message push brought, as it came; the verdict follows (I16).
create table push_inbox (
  merchant_id  text not null references merchants,
  inbox_id     text not null,
  appid        text not null,
  received_at  timestamptz not null,
  query        jsonb not null,
  content_type text not null,
  body         bytea not null,
  verdict      text check (verdict in ('applied', 'repeated', 'ignored', 'refused')),
  reason       text,
  event        text,
  dedupe_key   text,
  decided_at   timestamptz,
  primary key (merchant_id, inbox_id),
  constraint push_verdict_has_time check ((verdict is null) = (decided_at is null)),
  constraint push_believed_has_key check (verdict is null or verdict = 'refused' or dedupe_key is not null)
);
-- A message has its effect once, however often it comes.
create unique index push_inbox_once on push_inbox (merchant_id, appid, dedupe_key) where verdict in ('applied', 'ignored');
create index push_inbox_received on push_inbox (received_at);
create function guard_push_inbox() returns trigger language plpgsql as $$
begin
  if old.verdict is not null
     or (old.appid, old.received_at, old.query, old.content_type, old.body)
        is distinct from (new.appid, new.received_at, new.query, new.content_type, new.body) then
    raise exception 'a message in the inbox is kept as it came, and judged once' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger push_inbox_kept before update on push_inbox for each row execute function guard_push_inbox();

-- Where the merchant's own systems want to be told, and every try to do so.
create table webhook_endpoints (
  merchant_id    text not null references merchants,
  endpoint_id    text not null,
  url            text not null,
  sealed_secrets bytea not null,
  events         text[] not null check (cardinality(events) >= 1),
  status         text not null default 'enabled' check (status in ('enabled', 'disabled', 'removed')),
  failing_since  timestamptz,
  created_at     timestamptz not null,
  primary key (merchant_id, endpoint_id)
);
comment on column webhook_endpoints.sealed_secrets is 'The secrets that sign, newest first, each with the time its use ends; sealed under the master key.';
comment on column webhook_endpoints.failing_since is 'When the first try failed since one succeeded.';

create table webhook_deliveries (
  merchant_id text not null,
  outbox_id   text not null,
  seq         integer not null check (seq >= 1),
  endpoint_id text not null,
  at          timestamptz not null,
  status      integer,
  duration_ms integer not null check (duration_ms >= 0),
  error       text,
  primary key (merchant_id, outbox_id, seq),
  foreign key (merchant_id, outbox_id) references outbox,
  foreign key (merchant_id, endpoint_id) references webhook_endpoints
);
create index webhook_deliveries_newest on webhook_deliveries (merchant_id, endpoint_id, at desc);
create trigger webhook_deliveries_append_only before update or delete or truncate on webhook_deliveries
  for each statement execute function refuse_change();

-- What the metrics look at: the last hour of these.
create index payments_recorded on payments (recorded_at);
create index notify_inbox_received on notify_inbox (received_at);
