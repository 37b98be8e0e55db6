-- What a user tells about themselves. The phone number is a person's, so it is sealed.

alter table users add column sealed_phone bytea;

create table avatars (
  merchant_id  text not null,
  avatar_id    text not null,
  user_id      text not null,
  content_type text not null check (content_type in ('image/png', 'image/jpeg', 'image/webp')),
  content      bytea not null check (octet_length(content) between 1 and 262144),
  created_at   timestamptz not null default now(),
  primary key (merchant_id, avatar_id),
  unique (merchant_id, user_id),
  foreign key (merchant_id, user_id) references users
);
comment on column avatars.avatar_id is 'Random, and new with each picture: the address of a picture never shows another one.';
