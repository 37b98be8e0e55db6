import { type Config, realWorld } from '@fenpay/server'
import { type RefundAsk, refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { shipOrder } from '../../apps/server/src/commands/ship-order.ts'
import { addWebhook } from '../../apps/server/src/commands/webhooks.ts'
import type { Refund } from '../../apps/server/src/domain/refund.ts'
import type { ShipmentFacts } from '../../apps/server/src/domain/shipment.ts'
import type { WebhookEvent } from '../../apps/server/src/domain/webhook.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { outboxParts } from '../support/outbox-parts.ts'
import type { EventReceiver } from './event-receiver.ts'

/** The merchant's staff at the database: what they decide is committed here, and the servers do it. */
export interface Counter {
  /** The same key again is the same refund. */
  refund(orderNumber: string, ask: Partial<RefundAsk>, key: string): Promise<Refund>
  /** Once more changes nothing. */
  ship(orderNumber: string, facts?: ShipmentFacts): Promise<void>
  /** Tells the receiver of these events from now on. The servers' master key is that of the tests. */
  subscribe(receiver: EventReceiver, events: WebhookEvent[]): Promise<void>
}

export function counterAt(sql: Sql, { merchant }: Pick<Config, 'merchant'>): Counter {
  const { merchantId } = merchant
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const { payment } = createWeChatGateway(merchants, { clock: Date.now })
  const ports = { store: createStore(sql, { random: Math.random }), payment, world: realWorld }
  return {
    refund: (orderNumber, ask, key) =>
      refundOrder(
        ports,
        merchantId,
        orderNumber,
        { reason: '面凉了', ...ask },
        {
          source: 'staff',
          actor: 'staff:eve',
          key,
        },
      ),
    async ship(orderNumber, facts = { how: 'express', company: 'ZTO', trackingNo: '75812345678' }) {
      const shipped = await shipOrder(ports, merchantId, orderNumber, facts)
      if (shipped.outcome === 'refused' && shipped.code !== 'already_shipped') throw new Error(shipped.detail)
    },
    async subscribe(receiver, events) {
      const { store, world, secrets } = outboxParts(sql, realWorld)
      const added = await addWebhook({ store, world, secrets, allowLoopback: true }, merchantId, {
        url: receiver.url,
        events,
      })
      if ('refused' in added) throw new Error(added.refused)
      receiver.secret = added.secret
    },
  }
}
