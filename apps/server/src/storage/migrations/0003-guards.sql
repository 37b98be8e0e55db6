-- The database repeats the rules of the domain, so that no bug and no hand can break them silently.

-- I4, I5: an order moves only along these edges; paid and closed are final.
create function guard_order_edges() returns trigger language plpgsql as $$
begin
  if old.status <> new.status and (old.status, new.status) not in (
    ('pending', 'closing'), ('pending', 'paid'), ('pending', 'closed'),
    ('closing', 'paid'), ('closing', 'closed')
  ) then
    raise exception 'order % may not go from % to %', old.order_number, old.status, new.status
      using errcode = 'check_violation', constraint = 'order_edges';
  end if;
  if old.status <> new.status and new.event_count <= old.event_count then
    raise exception 'order % changed its status without an event', old.order_number
      using errcode = 'check_violation', constraint = 'order_event_missing';
  end if;
  if (old.total_fen, old.user_id, old.appid, old.openid, old.created_at, old.expires_at)
     is distinct from (new.total_fen, new.user_id, new.appid, new.openid, new.created_at, new.expires_at) then
    raise exception 'what order % is about may not change', old.order_number
      using errcode = 'check_violation', constraint = 'order_facts';
  end if;
  return new;
end $$;
create trigger order_edges before update on orders for each row execute function guard_order_edges();

-- I6: at commit the newest event of an order tells its status, and no number is missing before it.
create function guard_order_events() returns trigger language plpgsql as $$
declare
  facts record;
begin
  select o.status, o.event_count, e.to_status, (select count(*) from order_events n
      where n.merchant_id = o.merchant_id and n.order_number = o.order_number) as written
    into facts
    from orders o left join order_events e
      on e.merchant_id = o.merchant_id and e.order_number = o.order_number and e.seq = o.event_count
   where o.merchant_id = new.merchant_id and o.order_number = new.order_number;
  if facts.to_status is distinct from facts.status or facts.written <> facts.event_count then
    raise exception 'order % and its events do not agree', new.order_number
      using errcode = 'check_violation', constraint = 'order_events_agree';
  end if;
  return null;
end $$;
create constraint trigger order_events_agree after insert or update on orders
  deferrable initially deferred for each row execute function guard_order_events();
create constraint trigger order_events_gapless after insert on order_events
  deferrable initially deferred for each row execute function guard_order_events();

-- I17: the total of an order is the sum of its lines.
create function guard_order_total() returns trigger language plpgsql as $$
begin
  if (select total_fen from orders where merchant_id = new.merchant_id and order_number = new.order_number)
     is distinct from
     (select sum(amount_fen) from order_lines where merchant_id = new.merchant_id and order_number = new.order_number) then
    raise exception 'the total of order % is not the sum of its lines', new.order_number
      using errcode = 'check_violation', constraint = 'order_total';
  end if;
  return null;
end $$;
create constraint trigger order_total after insert on orders
  deferrable initially deferred for each row execute function guard_order_total();
create constraint trigger order_total_lines after insert or update on order_lines
  deferrable initially deferred for each row execute function guard_order_total();

-- An attempt keeps what was sent to WeChat, so that a retry is the same request; and what is final stays.
create function guard_attempt() returns trigger language plpgsql as $$
begin
  if (old.order_number, old.seq, old.pay_api, old.appid, old.openid, old.total_fen, old.description, old.notify_url, old.client_ip, old.time_expire)
     is distinct from
     (new.order_number, new.seq, new.pay_api, new.appid, new.openid, new.total_fen, new.description, new.notify_url, new.client_ip, new.time_expire) then
    raise exception 'what attempt % sent to WeChat may not change', old.out_trade_no
      using errcode = 'check_violation', constraint = 'attempt_facts';
  end if;
  if old.status <> new.status and old.status = 'paid' then
    raise exception 'attempt % is paid', old.out_trade_no
      using errcode = 'check_violation', constraint = 'attempt_edges';
  end if;
  return new;
end $$;
create trigger attempt_guard before update on attempts for each row execute function guard_attempt();

-- History is added to, never changed.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger order_events_append_only before update or delete or truncate on order_events
  for each statement execute function refuse_change();
create trigger payments_append_only before update or delete or truncate on payments
  for each statement execute function refuse_change();
create trigger stock_settlements_append_only before update or delete or truncate on stock_settlements
  for each statement execute function refuse_change();
create trigger orders_kept before delete or truncate on orders for each statement execute function refuse_change();
create trigger attempts_kept before delete or truncate on attempts for each statement execute function refuse_change();

create function guard_inbox() returns trigger language plpgsql as $$
begin
  if old.verdict is not null
     or (old.pay_api, old.received_at, old.headers, old.body) is distinct from (new.pay_api, new.received_at, new.headers, new.body) then
    raise exception 'a message in the inbox is kept as it came, and judged once' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger notify_inbox_kept before update on notify_inbox for each row execute function guard_inbox();
