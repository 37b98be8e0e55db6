import type { Engine } from './engine.ts'
import { fundsOf, platformOf } from './funds.ts'
import { uuid } from './orders.ts'
import type { Notification, Refund } from './records.ts'

/**
 * Does what business time has brought: the money of a refund arrives (or what `outcomeOf` says happens), one without
 * funds goes on when there are some, oldest first, or is closed when its seven days are over.
 */
export function settleRefunds(engine: Engine, outcomeOf: (refund: Refund) => Refund['status']): void {
  const { books, clock } = engine
  const nowMs = clock.nowMs()
  for (const refund of [...books.refunds.due()]) {
    const { mchid, awaitsFunds, dueAtMs = nowMs } = refund
    if (dueAtMs <= nowMs) {
      settle(engine, refund, awaitsFunds ? 'CLOSED' : outcomeOf(refund), dueAtMs)
    } else if (awaitsFunds && fundsOf(books, mchid).balanceFen >= refund.refundFen) {
      const arrivesAtMs = nowMs + platformOf(books, mchid).refundSeconds * 1000
      books.transact(() => books.refunds.put({ ...refund, awaitsFunds: false, dueAtMs: arrivesAtMs }))
    }
  }
}

function settle(engine: Engine, refund: Refund, status: Refund['status'], atMs: number): void {
  const { books } = engine
  const { dueAtMs: _, ...rest } = refund
  const settled: Refund = { ...rest, status, ...(status === 'SUCCESS' ? { successAtMs: atMs } : {}) }
  books.transact(() => {
    books.refunds.put(settled)
    const notification = tellAbout(engine, settled, atMs)
    if (notification) books.notifications.put(notification)
  })
}

/** The notification of a refund's end, if anybody wants one: as v2 when only the merchant platform names an address. */
function tellAbout({ books, random }: Engine, refund: Refund, atMs: number): Notification | undefined {
  const { mchid, outTradeNo, outRefundNo, notifyUrl, status, form } = refund
  const url = notifyUrl ?? platformOf(books, mchid).refundNotifyUrl
  if (url === undefined) return undefined
  return {
    id: uuid(random(16)),
    mchid,
    outTradeNo,
    url,
    refund: { outRefundNo, status, form: notifyUrl === undefined ? 'v2' : form },
    createdAtMs: atMs,
    dueAtMs: atMs,
    deliveries: [],
  }
}
