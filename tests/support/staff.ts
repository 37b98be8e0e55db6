import { randomBytes } from 'node:crypto'
import { type Config, realWorld, type World } from '@fenpay/server'
import { answerRefundRequest } from '../../apps/server/src/commands/ask-refund.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'

/** The merchant's staff, who answer what users ask for; what they accept, the server's sweep sends to WeChat. */
export interface Staff {
  accept(orderNumber: string, text?: string): Promise<void>
  decline(orderNumber: string, text: string): Promise<void>
}

/** Staff at a shop's database, in the shop's time. */
export function hireStaff({ sql, config }: { sql: Sql; config: Config }, world: World = realWorld): Staff {
  const { merchant } = config
  const gateway = createWeChatGateway(
    { find: async () => merchant, ofApp: async () => merchant },
    { clock: Date.now, random: Math.random, nonce: () => randomBytes(16).toString('hex') },
  )
  const ports = { store: createStore(sql, { random: Math.random }), payment: gateway.payment, world }
  const answer = async (orderNumber: string, accept: boolean, text: string) => {
    await answerRefundRequest(ports, merchant.merchantId, orderNumber, { accept, text, staff: '店长' })
  }
  return {
    accept: (orderNumber, text = '') => answer(orderNumber, true, text),
    decline: (orderNumber, text) => answer(orderNumber, false, text),
  }
}
