-- One address is one endpoint: told twice it would count an event twice, or take the second secret for a forgery.

alter table webhook_endpoints add column shares_address boolean not null default false;
comment on column webhook_endpoints.shares_address is 'True for one that was there beside an older one with the same address when this was refused; it goes on.';

update webhook_endpoints e set shares_address = true
 where status <> 'removed'
   and exists (select from webhook_endpoints older
                where older.merchant_id = e.merchant_id and older.url = e.url and older.status <> 'removed'
                  and (older.created_at, older.endpoint_id) < (e.created_at, e.endpoint_id));

-- A disabled one can be enabled again, and keeps its address; a removed one never comes back.
create unique index webhook_endpoints_address on webhook_endpoints (merchant_id, url)
  where status <> 'removed' and not shares_address;
