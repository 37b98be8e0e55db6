import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { socketFactory } from './database-socket.ts'
import { guardBegin } from './guarded-begin.ts'
import { keptText, serializeJson } from './kept-text.ts'
import { parseTextArray, serializeTextArray } from './text-array.ts'

type Types = { int8: number; text: string; textArray: string[]; json: unknown }

/** A pool of connections; called as a template tag it runs a query. */
export type Sql = postgres.Sql<Types>

/** One transaction of a `Sql`, as `sql.begin` hands it out. */
export type Transaction = postgres.TransactionSql<Types>

export type ConnectOptions = {
  /** Shown in pg_stat_activity and in PostgreSQL's log. */
  readonly applicationName: string
  /** Works as this role instead of the one that logs in. */
  readonly role?: string
  /** Connections at most; default 10. */
  readonly poolSize?: number
  /** Receives PostgreSQL's notices; default: they are dropped. */
  readonly onNotice?: (message: string) => void
}

const connectTimeoutSeconds = 2.5
const reconnectSecondsMax = 0.25

/**
 * Opens a pool on a PostgreSQL URL; connections are made when first needed. No statement waits for a lock longer than
 * 2 s or runs longer than 5 s, and no transaction stays idle longer than 10 s; `set local` changes that for one transaction.
 *
 * `bigint` is a safe integer number both ways, or an error (22P02 on its way in, `RangeError` on its way out). `timestamptz` is a `Date`, `jsonb` the parsed value.
 * `sum()` of `bigint` is `numeric`, which arrives as a string: write `sum(x)::bigint`. Arrays are of text and of one
 * dimension; any other kind goes and comes as PostgreSQL's own text.
 *
 * When the database cannot be reached a query fails within 3 s, with an error `isDatabaseUnavailable` knows.
 */
export function connect(url: string, options: ConnectOptions): Sql {
  const settings = {
    max: options.poolSize ?? 10,
    connect_timeout: connectTimeoutSeconds,
    // The driver's own delay grows to 20 s, in which queries wait although the database is back.
    backoff: (attempt: number) => Math.min(attempt * 0.05, reconnectSecondsMax),
    onnotice: (notice: postgres.Notice) => options.onNotice?.(notice['message'] ?? ''),
    // On each new connection the driver asks for the array types first, outside any promise: a connection that is lost
    // then ends the process. The one that we use is told instead.
    fetch_types: false,
    types: {
      int8: { to: 20, from: [20], serialize: serializeInt8, parse: parseInt8 },
      text: {
        to: 25,
        from: [25],
        serialize: (value: unknown) => keptText(String(value)),
        parse: (text: string) => text,
      },
      json: { to: 114, from: [114, 3802], serialize: serializeJson, parse: JSON.parse },
      textArray: { to: 1009, from: [1009], serialize: serializeTextArray, parse: parseTextArray },
    },
    connection: {
      application_name: options.applicationName,
      ...(options.role === undefined ? {} : { role: options.role }),
      lock_timeout: 2_000,
      statement_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
      TimeZone: 'UTC',
    },
    // An option the driver has and its types do not.
    socket: socketFactory(),
  }
  return guardBegin(postgres(url, settings))
}

function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} from the database is no safe integer`)
  return value
}

/**
 * What is no safe integer is sent as a text that PostgreSQL refuses (22P02). To throw here would be worse: the driver
 * then fails the query that is running on the connection, which may be another caller's, and leaves this one waiting.
 */
function serializeInt8(value: unknown): string {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? `${value} is no safe integer` : String(value)
}

/** Codes of the driver, of the network and of PostgreSQL (SQLSTATE) that mean: no usable database at this moment. */
const unavailableCodes: ReadonlySet<string> = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  '08000', // connection_exception
  '08003', // connection_does_not_exist
  '08006', // connection_failure
  '25006', // read_only_sql_transaction: the server became a standby
  '53100', // disk_full
  '53200', // out_of_memory
  '53300', // too_many_connections
  '55P03', // lock_not_available: the lock_timeout passed
  '57014', // query_canceled: the statement_timeout passed
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
])

/**
 * Whether an error of a query means that the database is not there (503, try again later) rather than that the query was
 * wrong. Of a transaction whose commit met such an error nobody knows whether it took effect: read it again by its key.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return unavailableCodes.has(codeOf(error))
}

/** Whether a statement gave up waiting, for a lock or for its own end: the connection is well, and so is what a savepoint keeps. */
export function gaveUpWaiting(error: unknown): boolean {
  return ['55P03', '57014'].includes(codeOf(error))
}

/** SQLSTATEs by which PostgreSQL says: nothing took effect, do the whole transaction again. */
const retryableCodes: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '0A000', // a prepared statement of before a migration (F62): the driver prepares it anew, but not in a transaction
])

const retryDelaysMs = [10, 20, 40, 80, 160]

export type RetryOptions = {
  /** A number in [0, 1), as of `Math.random`: colliding transactions must not meet again. */
  readonly random: () => number
}

/**
 * Runs a unit that is one whole transaction, and again up to 5 times when PostgreSQL chose it as the victim of a deadlock
 * or a serialization failure, or the schema was migrated under it. The unit must do nothing but talk to the database: a call to WeChat would be repeated.
 *
 * @throws whatever the unit throws, when it may not or did not help to run it again.
 */
export async function withRetry<T>(unit: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await unit()
    } catch (error) {
      if (!retryableCodes.has(codeOf(error))) throw error
    }
    await delay(delayMs * (0.5 + options.random()))
  }
  return unit()
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
