import { setTimeout as delay } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import type { OutboxStep } from '../domain/outbox.ts'
import type { WakeWorker } from '../storage/outbox.ts'

/**
 * The outbox's jobs on pg-boss: they wake a worker the moment an item is committed. The truth is our own table: what
 * is due, how often it was tried and how it ended stands there, and the sweep over it delivers what no job came for.
 */
export interface OutboxJobs {
  wake: WakeWorker
  /** Takes no further job and finishes those under way, for eight seconds at most. */
  stop(): Promise<void>
}

export interface OutboxJobsOptions {
  databaseUrl: string
  /** The schema of the queue's tables. */
  schema: string
  /** Called once the tables of the queue are there. */
  onInstalled(): Promise<void>
  deliver(merchantId: string, outboxId: string): Promise<OutboxStep['status'] | undefined>
  /** Told when the queue does not work; items are then delivered by the sweep. */
  onError(error: unknown): void
}

const queue = 'outbox'
const deadLetters = 'outbox_dead'
const drainMs = 8_000

type Job = { merchantId: string; outboxId: string }

/** Begins to start the queue, and does not wait for it: until it has started nobody is woken. */
export function startOutboxJobs(options: OutboxJobsOptions): OutboxJobs {
  const boss = new PgBoss({
    connectionString: withLibpqModes(options.databaseUrl),
    schema: options.schema,
    application_name: 'fenpay jobs',
    max: 3,
    useListenNotify: true,
    schedule: false,
    monitorVacuum: false,
    openTelemetry: { enabled: false },
  })
  boss.on('error', options.onError)
  let isReady = false
  const started = install(boss, options).then(
    () => {
      isReady = true
    },
    (error: unknown) => options.onError(error),
  )
  return {
    async wake(execute, item) {
      if (!isReady) return
      const { merchantId, outboxId } = item
      await boss.send(queue, { merchantId, outboxId } satisfies Job, { db: { executeSql: execute } })
    },
    async stop() {
      isReady = false
      // Without its database the queue would wait for ever.
      const enough = new AbortController()
      const stopped = started.then(() => boss.stop({ graceful: true, timeout: drainMs })).catch(options.onError)
      await Promise.race([stopped, delay(drainMs, undefined, { signal: enough.signal }).catch(() => undefined)])
      enough.abort()
    },
  }
}

async function install(boss: PgBoss, { onInstalled, deliver }: OutboxJobsOptions): Promise<void> {
  await boss.start()
  await boss.createQueue(deadLetters, { retentionSeconds: 30 * 24 * 60 * 60 })
  await boss.createQueue(queue, {
    deadLetter: deadLetters,
    retryLimit: 8,
    retryDelay: 6,
    retryBackoff: true,
    retryDelayMax: 60 * 60,
    expireInSeconds: 60,
    deleteAfterSeconds: 60 * 60,
    notify: true,
  })
  await onInstalled()
  await boss.work<Job>(queue, { localConcurrency: 4, pollingIntervalSeconds: 2 }, async ([job]) => {
    if (job === undefined) return
    const { merchantId, outboxId } = job.data
    // The job is tried again by itself, as our own row is; after its last try it is kept among the dead letters.
    if ((await deliver(merchantId, outboxId)) === 'pending')
      throw new Error(`outbox item ${outboxId} was not taken yet`)
  })
}

/** The queue's driver would read `sslmode=require` as `verify-full`; ours, and libpq, do not verify by it. */
function withLibpqModes(databaseUrl: string): string {
  const url = new URL(databaseUrl)
  if (url.searchParams.has('sslmode')) url.searchParams.set('uselibpqcompat', 'true')
  return url.href
}
