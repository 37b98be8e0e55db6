import type { World } from '@fenpay/server'
import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { sweepOrders } from '../../apps/server/src/commands/sweep-orders.ts'
import { sweepRefunds } from '../../apps/server/src/commands/sweep-refunds.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { outboxParts } from '../support/outbox-parts.ts'
import type { Shop } from '../support/shop.ts'

/** What is done without a request, one piece at a time: the staff's refunds, and one round of each sweep. */
export interface BehindTheServer {
  refundAll(orderNumber: string): Promise<void>
  sweepOrders(): Promise<void>
  sweepRefunds(): Promise<void>
  sweepOutbox(): Promise<void>
}

export function behindTheServer({ config, wechat }: Shop, sql: Sql, world: World): BehindTheServer {
  const { merchant } = config
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const { payment } = createWeChatGateway(merchants, { clock: Date.now, baseUrls: [wechat.url] })
  const outbox = outboxParts(sql, world)
  const fails = (_: unknown, error: unknown) => {
    throw error
  }
  const ports = { store: outbox.store, payment, world, onFailure: fails }
  const { signal } = new AbortController()
  return {
    async refundAll(orderNumber) {
      const by = { source: 'staff', actor: 'staff:eve', key: `refund of ${orderNumber}` } as const
      await refundOrder(ports, merchant.merchantId, orderNumber, { reason: '面凉了' }, by)
    },
    async sweepOrders() {
      await sweepOrders(ports, signal)
    },
    async sweepRefunds() {
      await sweepRefunds(ports, signal)
    },
    async sweepOutbox() {
      await deliverDueOutbox({ ...outbox, onFailure: fails }, signal)
    },
  }
}
