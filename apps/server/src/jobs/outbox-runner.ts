import { deliverDueOutbox, deliverOutboxItem, type OutboxPorts } from '../commands/deliver-outbox.ts'
import type { Logger } from '../http/logger.ts'
import { connect } from '../storage/connect.ts'
import { grantJobQueue, jobSchema } from '../storage/job-queue-grants.ts'
import type { WakeWorker } from '../storage/outbox.ts'
import { type OutboxJobs, startOutboxJobs } from './outbox-jobs.ts'
import { type Repeated, repeat } from './repeat.ts'

/** Delivers what the outbox holds for as long as the process lives: by jobs at once, and by a sweep what no job came for. */
export interface OutboxRunner {
  /** What the store wakes workers with; nobody is woken before `run`. */
  wake: WakeWorker
  run(ports: Omit<OutboxPorts, 'onFailure'>, sweepPauseMs: number): void
  /** Begins nothing further and finishes what is under way. */
  stop(): Promise<void>
}

/** When a job could not be written nobody is woken for so long: its tables may be locked, and each payment would wait for them. */
const restMs = 30_000

/** `databaseUrl` is the owner's: the queue makes its own tables. `role` is who may put jobs into it. */
export function createOutboxRunner(databaseUrl: string, role: string | undefined, logger: Logger): OutboxRunner {
  let jobs: OutboxJobs | undefined
  let sweeping: Repeated | undefined
  let now = () => 0
  let failedAtMs = Number.NEGATIVE_INFINITY
  return {
    async wake(execute, item) {
      const passedMs = now() - failedAtMs
      if (passedMs >= 0 && passedMs < restMs) return
      try {
        await jobs?.wake(execute, item)
      } catch (error) {
        failedAtMs = now()
        throw error
      }
    },
    run(rest, sweepPauseMs) {
      now = () => rest.world.now().getTime()
      const ports: OutboxPorts = {
        ...rest,
        onFailure: ({ outboxId, kind }, error) =>
          logger.error({ err: error, outbox_id: outboxId, kind }, 'an outbox item failed; it is tried again'),
      }
      jobs = startOutboxJobs({
        databaseUrl,
        schema: jobSchema,
        onInstalled: () => (role === undefined ? Promise.resolve() : grant(databaseUrl, role)),
        deliver: (merchantId, outboxId) => deliverOutboxItem(ports, merchantId, outboxId),
        onError: (error) => logger.warn({ err: error }, 'the job queue does not work; the sweep delivers instead'),
      })
      sweeping = repeat(
        (signal) => deliverDueOutbox(ports, signal),
        sweepPauseMs,
        (error) => logger.error({ err: error }, 'a sweep over the outbox failed; the next one tries again'),
      )
    },
    async stop() {
      await Promise.all([jobs?.stop(), sweeping?.stop()])
    },
  }
}

async function grant(databaseUrl: string, role: string): Promise<void> {
  const owner = connect(databaseUrl, { applicationName: 'fenpay jobs set-up', poolSize: 1 })
  try {
    await grantJobQueue(owner, role)
  } finally {
    await owner.end({ timeout: 1 })
  }
}
