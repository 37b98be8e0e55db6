import { toRfc3339 } from '../../engine/beijing-time.ts'
import { tradeStateOf } from '../../engine/orders.ts'
import type { Order, Payment } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import { seenState } from '../seen-state.ts'
import { tradeStateTexts } from '../trade-state-texts.ts'
import { mchidField } from './jsapi-fields.ts'
import { checkField } from './json-schema.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'
import { checkSameMchid, type V3Request } from './v3-request.ts'

/** GET /v3/pay/transactions/id/{transaction_id} and …/out-trade-no/{out_trade_no} (pay-v3.md 8). */
export function queryOrder(world: World, request: V3Request, by: 'transaction_id' | 'out_trade_no'): object {
  const mchid = request.call.query.get('mchid') ?? undefined
  checkField(mchid, mchidField, '/query/mchid', 'query')
  checkSameMchid(request, mchid)
  const { orders } = world.books
  const order =
    by === 'transaction_id' ? orders.find(request.pathValue) : orders.get(request.merchant.mchid, request.pathValue)
  const subject = {
    path: request.call.path,
    mchid: request.merchant.mchid,
    outTradeNo: order?.outTradeNo ?? '',
    about: 'payment',
  } as const
  if (!order || order.mchid !== mchid || world.faults.take(subject, 'query.not-exist')) {
    throw new V3Refusal('ORDER_NOT_EXIST', '订单不存在', { requestIdCode: requestIdCodes.orderNotExist })
  }
  const settled = tradeStateOf(order, world.clock.nowMs())
  const state = seenState(world, settled, subject)
  if ((state === 'SUCCESS' || state === 'REFUND') && order.payment) return transactionOf(order, order.payment, state)
  return {
    ...identityOf(order),
    trade_state: state,
    trade_state_desc: tradeStateTexts[state],
    amount: { total: order.totalFen, currency: 'CNY' },
  }
}

/** A paid transaction as query and notification tell it. */
export const transactionOf = (order: Order, payment: Payment, state: 'SUCCESS' | 'REFUND'): object => ({
  ...identityOf(order),
  transaction_id: payment.transactionId,
  trade_type: 'JSAPI',
  trade_state: state,
  trade_state_desc: tradeStateTexts[state],
  bank_type: payment.bankType,
  success_time: toRfc3339(payment.paidAtMs),
  payer: { openid: payment.openid },
  amount: { total: payment.totalFen, payer_total: payment.totalFen, currency: 'CNY', payer_currency: 'CNY' },
  ...(order.deviceId === undefined ? {} : { scene_info: { device_id: order.deviceId } }),
})

const identityOf = ({ appid, mchid, outTradeNo, attach }: Order): object => ({
  appid,
  mchid,
  out_trade_no: outTradeNo,
  ...(attach === undefined ? {} : { attach }),
})
