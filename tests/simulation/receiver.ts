import { createHmac } from 'node:crypto'
import type { WebhookPoster } from '../../apps/server/src/ports.ts'
import type { Dice } from './dice.ts'
import type { Scheduler } from './scheduler.ts'
import type { TimeLine } from './time-line.ts'

interface Parts {
  scheduler: Scheduler
  dice: Dice
  timeLine: TimeLine
  /** The secret of the endpoint, `whsec_…`. */
  secret: string
  /** How likely a webhook does not go well. */
  failing: () => number
}

/** The merchant's own system, which is told by webhooks. It checks each of them, and keeps what it took. */
export class Receiver implements WebhookPoster {
  readonly #parts: Parts
  /** What was taken, by its id, which stays the same however often it comes. */
  readonly taken = new Map<string, string>()
  readonly forged: string[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async post(_url: string, headers: Record<string, string>, body: string) {
    const { scheduler, dice, timeLine, failing } = this.#parts
    await scheduler.gate('a webhook')
    const fate = dice.happens(failing())
      ? dice.pick(['HTTP 500', 'not reached', 'taken, answer lost'] as const)
      : 'taken'
    timeLine.tell(`  webhook ${fate}`)
    timeLine.count(`webhook ${fate}`)
    if (fate === 'not reached') return { error: 'fetch failed: ECONNREFUSED', durationMs: 0 }
    if (fate === 'HTTP 500') return { status: 500, durationMs: 0 }
    this.#take(headers, body)
    return fate === 'taken' ? { status: 200, durationMs: 0 } : { error: 'fetch failed: ECONNRESET', durationMs: 0 }
  }

  #take(headers: Record<string, string>, body: string): void {
    const id = headers['webhook-id'] ?? ''
    const signed = createHmac('sha256', Buffer.from(this.#parts.secret.slice('whsec_'.length), 'base64'))
      .update(`${id}.${headers['webhook-timestamp']}.${body}`)
      .digest('base64')
    if (headers['webhook-signature'] !== `v1,${signed}`) this.forged.push(id)
    this.taken.set(id, body)
  }
}
