import type { Refund } from '../engine/records.ts'
import { settleRefunds } from '../engine/settle-refunds.ts'
import type { World } from '../world.ts'
import type { DueWork } from './notifier.ts'

/** Lets refunds end when business time comes to it, with what refund.abnormal and refund.closed make of them. */
export class RefundClock implements DueWork {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  nextDueMs(): number | undefined {
    let next: number | undefined
    for (const { dueAtMs } of this.#world.books.refunds.due()) {
      if (dueAtMs !== undefined && dueAtMs < (next ?? Infinity)) next = dueAtMs
    }
    return next
  }

  runDue(): Promise<void>[] {
    settleDueRefunds(this.#world)
    return []
  }

  async settle(): Promise<void> {}

  close(): void {}
}

/** Brings refunds up to date; called before anybody looks at them, so that no answer depends on a timer. */
export function settleDueRefunds(world: World): void {
  settleRefunds(world, ({ mchid, outTradeNo, outRefundNo }): Refund['status'] => {
    const subject = { mchid, outTradeNo, outRefundNo, about: 'refund' } as const
    const fault = world.faults.take(subject, 'refund.abnormal', 'refund.closed')
    if (!fault) return 'SUCCESS'
    return fault.name === 'refund.abnormal' ? 'ABNORMAL' : 'CLOSED'
  })
}
