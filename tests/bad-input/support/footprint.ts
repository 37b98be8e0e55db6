import type { Sql } from '../../../apps/server/src/storage/connect.ts'
import type { Wechat } from '../../support/shop.ts'

type Fields = Record<string, unknown>
type Footprint = Map<string, Map<string, Fields>>

interface Watched {
  table: string
  /** What names a row within a merchant. */
  key: string
  /** Columns that only say when something was last looked at, used or asked for. */
  ignored?: string[]
  /** A new or changed row in words; `before` is undefined for a new one. */
  says(row: Fields, before: Fields | undefined): string
}

/** Every table, and how a change of it reads in docs/bad-input.md. */
const watched: Watched[] = [
  { table: 'merchants', key: 'merchant_id', says: () => 'merchant' },
  { table: 'apps', key: 'appid', says: () => 'app' },
  {
    table: 'users',
    key: 'user_id',
    ignored: ['last_login_at'],
    says: (_row, before) => (before ? 'user changed' : 'user'),
  },
  {
    table: 'sessions',
    key: 'token_hash',
    ignored: ['last_used_at'],
    says: (row) => (row['revoked_at'] === null ? 'session' : 'session revoked'),
  },
  {
    table: 'orders',
    key: 'order_number',
    ignored: ['next_check_at', 'check_count'],
    says: (row, old) => (row['status'] === old?.['status'] ? '' : `order ${row['status']}`),
  },
  { table: 'avatars', key: 'avatar_id', says: () => 'avatar' },
  { table: 'order_lines', key: 'order_number, line', says: () => '' },
  {
    table: 'products',
    key: 'sku',
    says: (row, old) =>
      ['reserved', 'sold']
        .map((kind) => [kind, Number(row[`stock_${kind}`]) - Number(old?.[`stock_${kind}`] ?? 0)] as const)
        .filter(([, pieces]) => pieces !== 0)
        .map(([kind, pieces]) => `stock ${kind} ${pieces > 0 ? '+' : '−'}${Math.abs(pieces)}`)
        .join(', '),
  },
  { table: 'stock_settlements', key: 'order_number', says: () => '' },
  {
    table: 'attempts',
    key: 'out_trade_no',
    ignored: ['calls', 'last_call_at'],
    says: (row, old) => (old?.['status'] === row['status'] ? '' : `attempt ${row['status']}`),
  },
  {
    table: 'payments',
    key: 'transaction_id',
    says: (row) => (row['disposition'] === 'order' ? 'payment' : `payment in suspense: ${row['reason']}`),
  },
  { table: 'refund_requests', key: 'request_id', says: (row) => `refund request ${row['status']}` },
  { table: 'order_events', key: 'order_number, seq', says: (row) => `event ${row['kind']}` },
  { table: 'idempotency_keys', key: 'key', says: () => 'idempotency key' },
  {
    table: 'notify_inbox',
    key: 'inbox_id',
    says: (row) => `inbox ${row['verdict']}${row['reason'] === null ? '' : `: ${row['reason']}`}`,
  },
]

const everyRow = `${watched
  .map(({ table, key, ignored = [] }) => {
    const columns = ['updated_at', ...ignored].join(',')
    return `select '${table}' as name, concat_ws(' ', merchant_id, ${key}) as key, to_jsonb(t) - '{${columns}}'::text[] as row from ${table} t`
  })
  .join(' union all ')} order by name, key`

/** All rows of the database, and WeChat's orders, as they are now. */
export async function footprint(sql: Sql, wechat: Wechat): Promise<Footprint> {
  const tables: Footprint = new Map()
  const add = (name: string, key: string, row: Fields) => {
    tables.set(name, (tables.get(name) ?? new Map<string, Fields>()).set(key, row))
  }
  const [rows, { orders }] = await Promise.all([
    sql.unsafe<{ name: string; key: string; row: Fields }[]>(everyRow),
    wechat.books(),
  ])
  for (const { name, key, row } of rows) add(name, key, row)
  for (const order of orders) add('at WeChat', order.out_trade_no, { state: order.trade_state })
  return tables
}

/** What came, changed or went between two footprints: the words of docs/bad-input.md, `nothing` for no difference. */
export function differenceInWords(before: Footprint, after: Footprint): string {
  const weChats: Watched = { table: 'at WeChat', key: '', says: (row) => `at WeChat ${row['state']}` }
  const words = [...watched, weChats].flatMap(({ table, says }) => {
    const old = before.get(table) ?? new Map<string, Fields>()
    const now = after.get(table) ?? new Map<string, Fields>()
    const gone = [...old.keys()].filter((key) => !now.has(key)).map(() => `${table} lost a row`)
    const changed = [...now].filter(([key, row]) => JSON.stringify(row) !== JSON.stringify(old.get(key)))
    const said = changed.map(([key, row]) => says(row, old.get(key)))
    // A change without words of its own is one that others imply; alone it would be a hole in this check.
    return [...gone, ...said]
  })
  const spoken = words.filter((word) => word !== '')
  if (spoken.length > 0) return counted(spoken).join('; ')
  return words.length === 0 ? 'nothing' : 'a change without words'
}

function counted(words: string[]): string[] {
  return [...new Set(words)].map((word) => {
    const times = words.filter((other) => other === word).length
    return times === 1 ? word : `${times} × ${word}`
  })
}
