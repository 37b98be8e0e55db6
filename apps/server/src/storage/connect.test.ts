import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import test, { after, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { startTestCluster, testDatabase } from '../../test/database.ts'
import { connect, isDatabaseUnavailable, type Sql, type Transaction, withRetry } from './connect.ts'

const { sql, url } = await testDatabase()
await sql`create table account (id integer primary key, fen bigint not null)`
await sql`insert into account select id, 0 from generate_series(1, 2) as id`
const random = () => 0.5

test('bigint is a safe integer both ways', async () => {
  await fc.assert(
    fc.asyncProperty(fc.maxSafeInteger(), async (fen) => {
      const [row] = await sql`select ${fen}::bigint as fen`
      assert.deepEqual({ ...row }, { fen: fen + 0 })
    }),
    { numRuns: 50 },
  )
})

test('a bigint that a number cannot hold is an error, and the connection goes on', async () => {
  const one = connect(url, { applicationName: 'test', poolSize: 1 })
  try {
    await assert.rejects(one`select 9007199254740992::bigint`, RangeError)
    const wrong = [1.5, 2 ** 53, 1e21, Number.NaN].map((fen) => one`select ${fen}::bigint`)
    for (const query of wrong) await assert.rejects(query, { code: '22P02' })
    const [row] = await one`select ${7}::bigint as fen`
    assert.equal(row?.['fen'], 7)
  } finally {
    await one.end()
  }
})

test('instants are dates to the millisecond, jsonb is its value', async () => {
  const at = new Date('2026-07-01T00:00:00.123Z')
  const [row] = await sql`select ${at}::timestamptz as at, ${sql.json({ 金额: [1, null] })}::jsonb as json`
  assert.deepEqual({ ...row }, { at, json: { 金额: [1, null] } })
})

test('of a text what PostgreSQL cannot keep is U+FFFD: NUL, and half of a character', async () => {
  const [row] = await sql`select ${'a\0b'}::text as nul, ${'面\ud83d'}::text as half, ${'😀'}::text as whole`
  assert.deepEqual({ ...row }, { nul: 'a\ufffdb', half: '面\ufffd', whole: '😀' })
})

test('of a text in jsonb what PostgreSQL cannot keep is U+FFFD: NUL, and half of a character', async () => {
  const [row] = await sql`select ${sql.json({ texts: ['a\0b', '面\ud83d', '\ude00', '😀'] })}::jsonb as json`
  assert.deepEqual(row?.['json'], { texts: ['a\ufffdb', '面\ufffd', '\ufffd', '😀'] })
})

test('an array of texts is the same on its way back, and finds each of its own', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', ',', '"', '\\', '{', '}', 'NULL', '\n', '面', '😀') })
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (texts) => {
      const [row] = await sql`
        select ${texts}::text[] as texts, cardinality(${texts}::text[]) as count,
               not exists (select from jsonb_array_elements_text(${sql.json(texts)}) t where t <> all(${texts})) as found`
      assert.deepEqual({ ...row }, { texts, count: texts.length, found: true })
    }),
  )
})

test('F55: a lock is waited for 2 s, a statement runs 5 s, a transaction idles 10 s at most', async () => {
  const [row] = await sql`
    select current_setting('lock_timeout') as lock, current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name`
  assert.deepEqual({ ...row }, { lock: '2s', statement: '5s', idle: '10s', name: new URL(url).pathname.slice(1) })

  await sql.begin(async (holder) => {
    await holder`update account set fen = 1 where id = 1`
    await assert.rejects(sql`update account set fen = 2 where id = 1`, { code: '55P03' })
  })
})

/** Two transactions lock the two accounts in opposite order, both holding their first before they ask for the second. */
async function deadlock(retry: (unit: () => Promise<void>) => Promise<void>): Promise<number> {
  let held = 0
  let units = 0
  const transfer = (first: number, second: number) => async (transaction: Transaction) => {
    units += 1
    // On a busy machine the second may come to its lock a second late, which PostgreSQL then takes longer to see through.
    await transaction`set local lock_timeout = '30s'`
    await transaction`set local statement_timeout = '30s'`
    await transaction`update account set fen = fen - 1 where id = ${first}`
    held += 1
    while (held < 2) await delay(5)
    await transaction`update account set fen = fen + 1 where id = ${second}`
  }
  await Promise.all([
    retry(() => sql.begin(transfer(1, 2)).then(() => undefined)),
    retry(() => sql.begin(transfer(2, 1)).then(() => undefined)),
  ])
  return units
}

test('F49: the victim of a deadlock runs again as a whole', async () => {
  await sql`update account set fen = 0`
  await assert.rejects(
    deadlock((unit) => unit()),
    { code: '40P01' },
  )
  await sql`update account set fen = 0`
  assert.equal(await deadlock((unit) => withRetry(unit, { random })), 3)
  assert.deepEqual([...(await sql`select fen from account`.values())], [[0], [0]])
})

test('F49: serialization failures end after five repeats, other errors at once', async () => {
  const fail = async (code: string) => {
    let units = 0
    const unit = async () => {
      units += 1
      await sql.unsafe(`do $$ begin raise exception 'failed' using errcode = '${code}'; end $$`)
    }
    await assert.rejects(withRetry(unit, { random: () => 0 }), { code })
    return units
  }
  assert.deepEqual(await Promise.all(['40001', '40P01', '23505', '55P03', '57014'].map(fail)), [6, 6, 1, 1, 1])
})

test('F62: a transaction whose statement was prepared before a migration added a column runs again, and succeeds', async () => {
  const read = () => sql.begin(async (tx) => [...(await tx`select * from account order by id`)].length)
  // Each connection of the pool has prepared it.
  await Promise.all(Array.from({ length: 10 }, () => read()))
  await sql`alter table account add column next_release text`
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => withRetry(read, { random: () => 0 })))
  assert.deepEqual(
    new Set(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason))),
    new Set([2]),
  )
})

/** What a query fails with: within 3 s, or on a busy machine at least long before the driver's own half a minute. */
async function failure(pool: Sql): Promise<unknown> {
  const started = performance.now()
  const error = await pool`select 1`.then(
    () => assert.fail('the query should not succeed'),
    (cause: unknown) => cause,
  )
  assert(performance.now() - started < 15_000, `after ${performance.now() - started} ms`)
  return error
}

async function pool(t: TestContext, address: string): Promise<Sql> {
  const opened = connect(address, { applicationName: 'test', poolSize: 2 })
  t.after(() => opened.end({ timeout: 0.1 }))
  return opened
}

test('a database that is gone is told apart from a wrong query', async (t) => {
  const gone = await pool(t, 'postgres://nobody@127.0.0.1:1/nothing')
  assert(isDatabaseUnavailable(await failure(gone)))
  const ended = connect(url, { applicationName: 'test' })
  await ended.end()
  assert(isDatabaseUnavailable(await failure(ended)))
  const wrong = await sql`select 1 / 0`.catch((error: unknown) => error)
  assert(!isDatabaseUnavailable(wrong))
  assert(!isDatabaseUnavailable(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })))
  assert(!isDatabaseUnavailable('ECONNREFUSED'))
})

test('a database that takes connections and says nothing fails within 3 s', async (t) => {
  const sockets = new Set<{ destroy(): void }>()
  const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  await once(silent, 'listening')
  const address = silent.address()
  assert(typeof address === 'object' && address !== null)
  const hung = await pool(t, `postgres://nobody@127.0.0.1:${address.port}/nothing`)
  assert(isDatabaseUnavailable(await failure(hung)))
})

const endOwnSession = (connection: Sql | Transaction) => connection`select pg_terminate_backend(pg_backend_pid())`

test('F50: a query whose session is ended fails, and the pool goes on', async (t) => {
  const victims = await pool(t, url)
  assert(isDatabaseUnavailable(await endOwnSession(victims).catch((error: unknown) => error)))
  await victims`select 1`
})

const endings: Record<string, (transaction: Transaction) => unknown> = {
  'in a statement': endOwnSession,
  'in a statement inside a savepoint': (transaction) => transaction.savepoint(endOwnSession),
  'in a statement whose error is replaced': (transaction) =>
    endOwnSession(transaction).catch(() => Promise.reject(new Error('another'))),
  'between two statements': async (transaction) => {
    const [row] = await transaction<{ pid: number }[]>`select pg_backend_pid() as pid`
    await sql`select pg_terminate_backend(${row?.pid ?? 0})`
    await delay(100)
    await transaction`select 1`
  },
  'between two statements, and the work ends': async (transaction) => {
    const [row] = await transaction<{ pid: number }[]>`select pg_backend_pid() as pid`
    await sql`select pg_terminate_backend(${row?.pid ?? 0})`
    await delay(100)
  },
}

for (const [title, ending] of Object.entries(endings)) {
  test(`F50: a transaction whose session is ended ${title} fails, and the pool goes on`, async (t) => {
    const victims = await pool(t, url)
    const failed = await victims.begin(ending).catch((error: unknown) => error)
    assert(isDatabaseUnavailable(failed), String(failed))
    await victims`select 1`
  })
}

/** A pool of one connection, whose way to the database `carry` makes. */
async function throughProxy(t: TestContext, carry: (client: Socket, database: Socket) => void): Promise<Sql> {
  const server = new URL(url)
  const proxy = createServer((client) => {
    const database = createConnection(Number(new URL(url).port), server.hostname)
    // A reset is an error at one end and a mere close at the other.
    client.on('error', () => undefined).on('close', () => database.destroy())
    database.on('error', () => undefined).on('close', () => client.destroy())
    carry(client, database)
  }).listen(0, '127.0.0.1')
  t.after(() => proxy.close())
  await once(proxy, 'listening')
  const address = proxy.address()
  assert(typeof address === 'object' && address !== null)
  server.port = String(address.port)
  const one = connect(server.href, { applicationName: 'test', poolSize: 1 })
  t.after(() => one.end({ timeout: 1 }))
  return one
}

test('F50: sessions that the network resets fail their queries, and the pool goes on', async (t) => {
  const sockets = new Set<Socket>()
  const one = await throughProxy(t, (client, database) => {
    client.pipe(database).pipe(client)
    sockets.add(client)
  })
  const reset = async () => {
    await delay(50)
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const slow = (connection: Sql | Transaction) => connection`select pg_sleep(1)`
  for (const query of [() => slow(one), () => one.begin(slow), () => Promise.all([slow(one), slow(one)])]) {
    await one`select 1`
    const [failed] = await Promise.all([query().catch((error: unknown) => error), reset()])
    assert(isDatabaseUnavailable(failed), String(failed))
    await Promise.all([one`select 1`, one.begin((transaction) => transaction`select 1`)])
  }
})

test('F50: a session that is reset at its first query fails that one, and the pool goes on', async (t) => {
  let resets = 2
  const one = await throughProxy(t, (client, database) => {
    let isReady = false
    database.on('data', (data) => {
      isReady ||= data.subarray(-6).toString('latin1') === 'Z\0\0\0\x05I'
      client.write(data)
    })
    client.on('data', (data) => {
      if (isReady && resets > 0) {
        resets -= 1
        client.resetAndDestroy()
      } else database.write(data)
    })
  })
  for (const query of [() => one`select 1`, () => one.begin((transaction) => transaction`select 1`)]) {
    assert(isDatabaseUnavailable(await query().catch((error: unknown) => error)))
  }
  await one`select 1`
})

test('a transaction keeps its own errors, its result and its savepoints', async () => {
  await assert.rejects(
    sql.begin((transaction) => transaction`select 1 / 0`),
    { code: '22012' },
  )
  await assert.rejects(
    sql.begin(() => Promise.reject(new RangeError('mine'))),
    RangeError,
  )
  const rows = await sql.begin('isolation level serializable', async (transaction) => {
    await transaction.savepoint((inner) => inner`select 1 / 0`).catch(() => undefined)
    await transaction.savepoint('named', (inner) => inner`select 1`)
    return transaction`select current_setting('transaction_isolation') as level`
  })
  assert.equal(rows[0]?.['level'], 'serializable')
})

test('F53: too many connections count as unavailable', async (t) => {
  const [row] = await sql<{ name: string }[]>`select current_user as name`
  assert(row !== undefined)
  const database = new URL(url).pathname.slice(1)
  await sql`alter database ${sql(database)} connection limit 0`
  t.after(() => sql`alter database ${sql(database)} connection limit -1`)
  const refused = await pool(t, url)
  assert(isDatabaseUnavailable(await failure(refused)))
})

test('a pool whose database stops fails fast, and works again when it is back', async (t) => {
  const cluster = await startTestCluster()
  after(cluster.stop)
  const survivor = await pool(t, cluster.url)
  await survivor`select 1`
  await cluster.stop()
  for (let attempt = 0; attempt < 5; attempt += 1) assert(isDatabaseUnavailable(await failure(survivor)))
})
