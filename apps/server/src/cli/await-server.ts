import type { CliContext } from './cli-context.ts'

const pollMs = 200

/**
 * Waits a few seconds for what a running server does with what was just committed.
 * @param isDone looks again
 * @returns what to tell when it is not done; undefined when it is
 */
export async function awaitServer(context: CliContext, isDone: () => Promise<boolean>): Promise<string | undefined> {
  const { host, reports } = context
  // It may be done already, or there may be nothing to do: then nobody is waited for.
  for (let waitedMs = 0; !(await isDone()); waitedMs += pollMs) {
    if (waitedMs === 0 && (await reports.serverCount()) === 0)
      return 'No server seems to be at work on this database. It goes on when one runs.'
    if (waitedMs >= host.patienceMs) return 'A server is at work; it goes on with it by itself.'
    await host.pause(pollMs)
  }
  return undefined
}
