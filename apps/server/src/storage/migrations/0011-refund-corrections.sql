-- A refund that is refused or closed here and that WeChat made all the same is put right, when staff ask for it.

alter table refunds add column correction_by text;
alter table refunds add column correction_code text;
alter table refunds add column correction_message text;
alter table refunds add column holds_pieces boolean not null default true;
comment on column refunds.correction_by is 'Who wants it put right by WeChat''s word; null when nobody does. Without it a refund never leaves refused or closed.';
comment on column refunds.correction_code is 'Why the last such wish came to nothing.';
comment on column refunds.holds_pieces is 'False for one that was put right when another refund had its pieces already.';

alter table refunds drop constraint refund_open_is_due;
-- A refund without a result is never forgotten, nor is one that staff want put right: it always has a next look.
alter table refunds add constraint refund_open_is_due check
  ((status in ('intended', 'unknown', 'waiting_funds', 'processing', 'abnormal') or correction_by is not null)
   = (next_check_at is not null));
alter table refunds add constraint refund_correction_of_failed check (correction_by is null or status in ('closed', 'refused'));

-- Given up by WeChat and given all the same: out of what was returned, straight to the user.
alter table ledger_postings drop constraint ledger_postings_kind_check;
alter table ledger_postings add constraint ledger_postings_kind_check check
  (kind in ('payment_received', 'payment_suspended', 'refund_accepted', 'refund_succeeded', 'refund_returned',
            'refund_paid_elsewhere', 'refund_corrected'));

-- As before, and two edges more, which hold the money and the pieces anew.
create or replace function guard_refund() returns trigger language plpgsql as $$
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
      or (old.status = 'abnormal' and new.status in ('processing', 'succeeded', 'closed', 'settled'))
      or (old.correction_by is not null and old.status = 'refused' and new.status in ('processing', 'succeeded', 'abnormal'))
      or (old.correction_by is not null and old.status = 'closed' and new.status = 'succeeded')) then
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
  if tg_op = 'UPDATE' and held_after > held_before then
    -- The money went back whatever the pieces are: where another refund has them by now, they stay that one's.
    new.holds_pieces := not exists (
      select from refund_lines r join order_lines l using (merchant_id, order_number, sku)
       where (r.merchant_id, r.out_refund_no) = (new.merchant_id, new.out_refund_no)
         and l.refund_held_quantity + r.quantity > l.quantity);
  end if;
  if new.holds_pieces and held_after <> held_before and tg_op = 'UPDATE' then
    update order_lines l set refund_held_quantity = refund_held_quantity + sign(held_after - held_before)::integer * r.quantity
      from refund_lines r
     where (r.merchant_id, r.out_refund_no) = (new.merchant_id, new.out_refund_no)
       and (l.merchant_id, l.order_number, l.sku) = (r.merchant_id, r.order_number, r.sku);
  end if;
  return new;
end $$;
