import { closeOrder } from '../../engine/orders.ts'
import type { World } from '../../world.ts'
import { payBeforeClose } from '../pay-before-close.ts'
import { mchidField } from './jsapi-fields.ts'
import { checkField } from './json-schema.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'
import { checkSameMchid, readJsonBody, type V3Request } from './v3-request.ts'

/** POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close (pay-v3.md 8). Closing a closed order succeeds again. */
export function orderClose(world: World, request: V3Request): undefined {
  const body = readJsonBody(request)
  checkField(body['mchid'], mchidField, '/uri_template/mchid', 'uri_template')
  checkSameMchid(request, body['mchid'])
  const { mchid } = request.merchant
  const subject = { path: request.call.path, outTradeNo: request.pathValue, mchid, about: 'payment' } as const
  payBeforeClose(world, subject)
  if (world.faults.take(subject, 'close.success-but-notpay')) return undefined
  switch (closeOrder(world, mchid, request.pathValue, false)) {
    case 'unknown':
      // Not in the close page's list, but the code that a query gives for the same reason.
      throw new V3Refusal('ORDER_NOT_EXIST', '订单不存在', { requestIdCode: requestIdCodes.orderNotExist })
    case 'paid':
      // No public report shows this answer: INVALID_REQUEST is what its description ("paid, closed") fits.
      throw new V3Refusal('INVALID_REQUEST', '该订单已支付', { requestIdCode: requestIdCodes.closingPaidOrder })
    default:
      return undefined
  }
}
