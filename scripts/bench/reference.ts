import { setTimeout as delay } from 'node:timers/promises'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { timed } from './load.ts'
import { type Summary, summaryOf } from './summary.ts'

/**
 * What the same machine takes, at the same time, for the least that can be done: a request that asks nobody, and a commit
 * that writes nothing but itself. A machine that is slow today is slow at these too.
 */
export interface Reference {
  request: Summary
  commit: Summary
}

const pauseMs = 50

/** Takes samples until the work has ended. */
export async function besides<Result>(
  where: { serverUrl: string; sql: Sql },
  work: () => Promise<Result>,
): Promise<{ result: Result; reference: Reference }> {
  const requests: number[] = []
  const commits: number[] = []
  const ended = new AbortController()
  const sample = async () => {
    while (!ended.signal.aborted) {
      requests.push(await timed(async () => (await fetch(new URL('/healthz', where.serverUrl))).text()))
      commits.push(await timed(() => where.sql`select pg_logical_emit_message(true, 'bench', '')`))
      await delay(pauseMs, undefined, { signal: ended.signal }).catch(() => undefined)
    }
  }
  const sampling = sample()
  try {
    const result = await work()
    return { result, reference: { request: summaryOf(requests), commit: summaryOf(commits) } }
  } finally {
    ended.abort()
    await sampling
  }
}
