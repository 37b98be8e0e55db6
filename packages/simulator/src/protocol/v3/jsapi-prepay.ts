import { fromRfc3339 } from '../../engine/beijing-time.ts'
import { type OrderRequest, placeOrder } from '../../engine/orders.ts'
import type { World } from '../../world.ts'
import { jsapiFields } from './jsapi-fields.ts'
import { canonical, objectOf, textOf } from './json-body.ts'
import { checkObject, type JsonObject } from './json-schema.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'
import { checkSameMchid, readJsonBody, type V3Request } from './v3-request.ts'

const dayMs = 86_400_000
const defaultLifeMs = 7 * dayMs
// Pages name 7 or 15 days: the longer passes.
const maximumLifeMs = 15 * dayMs
const minimumLifeMs = 60_000

/** POST /v3/pay/transactions/jsapi (pay-v3.md 6). */
export function jsapiPrepay(world: World, request: V3Request): { prepay_id: string } {
  const body = readJsonBody(request)
  checkObject(body, jsapiFields, '/body')
  checkSameMchid(request, body['mchid'])
  if (!request.merchant.appids.includes(textOf(body, 'appid'))) {
    throw new V3Refusal('APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配', {
      requestIdCode: requestIdCodes.appidMchidMismatch,
    })
  }
  if (world.books.accounts.find(textOf(objectOf(body, 'payer'), 'openid'))?.appid !== body['appid']) {
    throw new V3Refusal('INVALID_REQUEST', 'appid和openid不匹配', { requestIdCode: requestIdCodes.invalidParameter })
  }
  const outcome = placeOrder(world, toOrderRequest(world, request, body))
  switch (outcome.kind) {
    case 'placed':
      return { prepay_id: outcome.prepayId }
    case 'paid':
      throw new V3Refusal('INVALID_REQUEST', '该订单已支付', { requestIdCode: requestIdCodes.orderPaid })
    case 'closed':
      throw new V3Refusal('INVALID_REQUEST', '该订单已关闭', { requestIdCode: requestIdCodes.orderExpired })
    case 'differs':
    case 'taken':
      throw new V3Refusal('OUT_TRADE_NO_USED', '商户订单号重复', { requestIdCode: requestIdCodes.reentryDiffers })
  }
}

function toOrderRequest(world: World, { merchant, wechatpaySerial }: V3Request, body: JsonObject): OrderRequest {
  const attach = textOf(body, 'attach')
  const deviceId = textOf(objectOf(body, 'scene_info'), 'device_id')
  const nowMs = world.clock.nowMs()
  return {
    mchid: merchant.mchid,
    outTradeNo: textOf(body, 'out_trade_no'),
    appid: textOf(body, 'appid'),
    openid: textOf(objectOf(body, 'payer'), 'openid'),
    signType: 'RSA',
    description: textOf(body, 'description'),
    totalFen: Number(objectOf(body, 'amount')['total']),
    notifyUrl: textOf(body, 'notify_url'),
    fingerprint: canonical(body),
    expiresAtMs: expiryOf(textOf(body, 'time_expire'), nowMs),
    ...(attach === '' ? {} : { attach }),
    ...(deviceId === '' ? {} : { deviceId }),
    ...(wechatpaySerial === undefined ? {} : { wechatpaySerial }),
  }
}

function expiryOf(timeExpire: string, nowMs: number): number {
  const givenMs = fromRfc3339(timeExpire)
  if (givenMs === undefined) return nowMs + defaultLifeMs
  if (givenMs > nowMs + maximumLifeMs) {
    throw new V3Refusal('PARAM_ERROR', 'time_expire不能超过15天', { requestIdCode: requestIdCodes.parameterOutOfRange })
  }
  return Math.max(givenMs, nowMs + minimumLifeMs)
}
