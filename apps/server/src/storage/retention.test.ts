import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '../../test/database.ts'
import { migrate, readMigrations } from './migrate.ts'
import { forgetOld } from './retention.ts'

const { sql } = await testDatabase()
await migrate(sql, await readMigrations(fileURLToPath(new URL('./migrations', import.meta.url))))

test('A24, A56: messages that were refused or repeated go after 90 days, what had an effect stays for ever', async () => {
  await sql.unsafe(`
    insert into merchants (merchant_id, name, pay_api, sealed_keys) values ('10000100', 'shop', 'v3', '');
    insert into apps (merchant_id, appid, sealed_secret) values ('10000100', 'wx', '');
    insert into users (merchant_id, user_id, appid, openid) values ('10000100', 'anna', 'wx', 'o-anna');
    insert into notify_inbox (merchant_id, inbox_id, pay_api, received_at, headers, body, verdict, decided_at)
      values ('10000100', 'old refused', 'v3', '2026-01-01Z', '{}', '', 'refused', now()),
             ('10000100', 'old applied', 'v3', '2026-01-01Z', '{}', '', 'applied', now()),
             ('10000100', 'old repeated', 'v2-md5', '2026-01-01Z', '{}', '', 'repeated', now()),
             ('10000100', 'new refused', 'v3', '2026-05-31Z', '{}', '', 'refused', now());
    insert into push_inbox (merchant_id, inbox_id, appid, received_at, query, content_type, body, verdict, dedupe_key, decided_at)
      values ('10000100', 'old forged', 'wx', '2026-01-01Z', '{}', '', '', 'refused', null, now()),
             ('10000100', 'old unread', 'wx', '2026-01-01Z', '{}', '', '', null, null, null),
             ('10000100', 'old repeated', 'wx', '2026-01-01Z', '{}', '', '', 'repeated', '1:a', now()),
             ('10000100', 'old effect', 'wx', '2026-01-01Z', '{}', '', '', 'applied', '1:a', now()),
             ('10000100', 'new forged', 'wx', '2026-05-31Z', '{}', '', '', 'refused', null, now());
    insert into idempotency_keys (merchant_id, user_id, route, key, request_hash, answer, created_at)
      values ('10000100', 'anna', 'submit-order', 'old', '', '{}', '2026-05-20Z'), ('10000100', 'anna', 'submit-order', 'new', '', '{}', '2026-05-30Z');
    insert into sessions (merchant_id, token_hash, user_id, created_at, last_used_at, expires_at)
      values ('10000100', 'old', 'anna', now(), now(), '2026-04-01Z'), ('10000100', 'new', 'anna', now(), now(), '2026-05-30Z')`)
  assert.equal(await forgetOld(sql, new Date('2026-06-01T00:00:00Z')), false)
  const inbox = await sql<{ inbox_id: string }[]>`select inbox_id from notify_inbox order by 1`
  assert.deepEqual(
    inbox.map((row) => row.inbox_id),
    ['new refused', 'old applied'],
  )
  const pushes = await sql<{ inbox_id: string }[]>`select inbox_id from push_inbox order by 1`
  assert.deepEqual(
    pushes.map((row) => row.inbox_id),
    ['new forged', 'old effect'],
  )
  assert.equal((await sql`select from idempotency_keys`).length, 1)
  assert.equal((await sql`select from sessions`).length, 1)
})

test('A56: what stays for ever is not read to find what goes, however much it is', async () => {
  await sql.unsafe(`
    insert into notify_inbox (merchant_id, inbox_id, pay_api, received_at, headers, body, verdict, decided_at)
      select '10000100', 'kept ' || n, 'v3', '2026-01-01Z', '{}', '', 'applied', now() from generate_series(1, 3000) n;
    insert into push_inbox (merchant_id, inbox_id, appid, received_at, query, content_type, body, verdict, dedupe_key, decided_at)
      select '10000100', 'kept ' || n, 'wx', '2026-01-01Z', '{}', '', '', 'applied', 'kept ' || n, now() from generate_series(1, 3000) n`)
  await sql`analyze notify_inbox, push_inbox`
  const read = await sql.begin(async (tx) => {
    await forgetOld(tx, new Date('2026-06-01T00:00:00Z'))
    return tx<{ relname: string; rows: number }[]>`
      select relname, seq_tup_read + idx_tup_fetch as rows from pg_stat_xact_user_tables
       where relname in ('notify_inbox', 'push_inbox')`
  })
  assert.equal(read.length, 2)
  for (const { relname, rows } of read) assert.ok(rows < 100, `${rows} rows of ${relname} were read`)
})
