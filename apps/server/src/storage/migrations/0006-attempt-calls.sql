-- How often WeChat was asked for an attempt's prepay_id, and when last: only a refusal of the one and only call says that
-- WeChat does not have the number, and a close waits until no call can be under way.

alter table attempts add column calls integer not null default 0;
alter table attempts add column last_call_at timestamptz;
update attempts set calls = 1, last_call_at = created_at;
