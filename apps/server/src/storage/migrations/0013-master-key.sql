-- Two servers with different master keys would overwrite each other's sealed keys: the first one's is the database's.

create table master_key (
  only_row    boolean primary key default true check (only_row),
  fingerprint bytea not null check (length(fingerprint) = 32),
  created_at  timestamptz not null default now()
);
comment on table master_key is 'Of the whole database, not of a merchant. Deleted by its administrator when the key is changed, see docs/going-live.md.';
comment on column master_key.fingerprint is 'HMAC-SHA256 of a fixed text under the key: tells whether a key is the same one, and nothing else.';
