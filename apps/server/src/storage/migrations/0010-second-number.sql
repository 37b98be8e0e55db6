-- An order that was paid by one number while WeChat still takes money for another is looked at until that one is closed.

alter table orders drop constraint order_open_is_due;
-- An open order is never forgotten: it always has a next look.
alter table orders add constraint order_open_is_due check (status not in ('pending', 'closing') or next_check_at is not null);
alter table orders add constraint order_closed_is_done check (status <> 'closed' or next_check_at is null);
comment on column orders.next_check_at is 'Null once the order is final and no number of it can be paid. While somebody looks at it, when the next may if that one does not come back.';
