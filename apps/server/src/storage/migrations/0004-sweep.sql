-- When an open order is next looked at, and how often that was done; the sweep works on this alone.

alter table orders add column next_check_at timestamptz;
alter table orders add column check_count integer not null default 0;
comment on column orders.next_check_at is 'Null once the order is final. While somebody looks at it, when the next may if that one does not come back.';
-- An open order is never forgotten: it always has a next look.
update orders set next_check_at = created_at where status in ('pending', 'closing');
-- The guards that wait for the commit are asked now: a table they still have to look at cannot be altered.
set constraints all immediate;
alter table orders add constraint order_open_is_due check ((status in ('pending', 'closing')) = (next_check_at is not null));
create index orders_due on orders (merchant_id, next_check_at) where next_check_at is not null;
