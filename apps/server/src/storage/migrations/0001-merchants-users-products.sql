-- Merchants, apps, users, sessions, products. Every key begins with merchant_id, which is WeChat's mchid.

create table merchants (
  merchant_id text primary key check (merchant_id ~ '^[0-9]{8,32}$'),
  name        text not null,
  pay_api     text not null check (pay_api in ('v3', 'v2-md5', 'v2-hmac-sha256')),
  sealed_keys bytea not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
comment on column merchants.sealed_keys is 'API keys and certificates as JSON, sealed with AES-256-GCM under the master key.';

create table apps (
  merchant_id   text not null references merchants,
  appid         text not null,
  sealed_secret bytea not null,
  created_at    timestamptz not null default now(),
  primary key (merchant_id, appid)
);

create table users (
  merchant_id   text not null,
  user_id       text not null,
  appid         text not null,
  openid        text not null,
  unionid       text,
  nickname      text,
  avatar_url    text,
  created_at    timestamptz not null default now(),
  last_login_at timestamptz not null default now(),
  primary key (merchant_id, user_id),
  unique (merchant_id, appid, openid),
  foreign key (merchant_id, appid) references apps
);

create table sessions (
  merchant_id  text not null,
  token_hash   bytea not null,
  user_id      text not null,
  created_at   timestamptz not null,
  last_used_at timestamptz not null,
  expires_at   timestamptz not null,
  revoked_at   timestamptz,
  primary key (merchant_id, token_hash),
  foreign key (merchant_id, user_id) references users
);
comment on column sessions.token_hash is 'SHA-256 of the token; the token itself is nowhere but with the user.';
create index sessions_by_user on sessions (merchant_id, user_id);

-- free = total - reserved - sold. No path can take a piece that is not there (I12).
create table products (
  merchant_id    text not null references merchants,
  sku            text not null,
  name           text not null,
  description    text not null default '',
  category       text not null,
  kind           text not null check (kind in ('physical', 'virtual')),
  price_fen      bigint not null check (price_fen between 1 and 10000000),
  on_sale        boolean not null default true,
  position       integer not null default 0,
  stock_total    integer not null check (stock_total >= 0),
  stock_reserved integer not null default 0 check (stock_reserved >= 0),
  stock_sold     integer not null default 0 check (stock_sold >= 0),
  stock_free     integer generated always as (stock_total - stock_reserved - stock_sold) stored check (stock_free >= 0),
  primary key (merchant_id, sku)
);
