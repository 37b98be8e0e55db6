import { fromCompactTime } from '../../engine/beijing-time.ts'
import { type OrderRequest, placeOrder } from '../../engine/orders.ts'
import type { World } from '../../world.ts'
import { checkFields, unifiedOrderRules } from './field-rules.ts'
import type { V2Fields } from './v2-answer.ts'
import { V2Refusal } from './v2-refusal.ts'
import type { V2Request } from './v2-request.ts'

const defaultLifeMs = 2 * 3_600_000
const minimumLifeMs = 60_000
const notCompared = new Set(['sign', 'nonce_str', 'time_expire'])

/** /pay/unifiedorder (pay-v2.md 4). */
export function unifiedOrder(world: World, request: V2Request): V2Fields {
  const { params } = request
  checkFields(params, unifiedOrderRules)
  const tradeType = params.get('trade_type') ?? ''
  if (tradeType !== 'JSAPI') throw new V2Refusal('NOAUTH', '商户无此接口权限')
  const openid = params.get('openid') ?? ''
  if (openid === '') throw new V2Refusal('LACK_PARAMS', '缺少参数openid')
  if (world.books.accounts.find(openid)?.appid !== request.appid) {
    throw new V2Refusal('INVALID_REQUEST', 'appid and openid not match')
  }
  const outcome = placeOrder(world, toOrderRequest(request, openid, world.clock.nowMs()))
  switch (outcome.kind) {
    case 'placed':
      return [
        ['prepay_id', outcome.prepayId],
        ['trade_type', tradeType],
      ]
    case 'paid':
      throw new V2Refusal('ORDERPAID', '该订单已支付')
    case 'closed':
      throw new V2Refusal('ORDERCLOSED', '该订单已关闭')
    case 'differs':
      throw new V2Refusal('INVALID_REQUEST', '201 商户订单号重复')
    case 'taken':
      throw new V2Refusal('OUT_TRADE_NO_USED', '商户订单号重复')
  }
}

function toOrderRequest({ params, merchant, appid, signType }: V2Request, openid: string, nowMs: number): OrderRequest {
  const attach = params.get('attach')
  const deviceId = params.get('device_info')
  const timeExpire = params.get('time_expire')
  // Too near or past is raised to a minute, not refused: a back end on an ordinary clock must not fail because business
  // time was moved ahead of it.
  const givenMs = fromCompactTime(timeExpire ?? '')
  const expiresAtMs = givenMs === undefined ? nowMs + defaultLifeMs : Math.max(givenMs, nowMs + minimumLifeMs)
  return {
    mchid: merchant.mchid,
    outTradeNo: params.get('out_trade_no') ?? '',
    appid,
    openid,
    signType,
    description: params.get('body') ?? '',
    totalFen: Number(params.get('total_fee')),
    notifyUrl: params.get('notify_url') ?? '',
    fingerprint: fingerprintOf(params),
    expiresAtMs,
    ...(attach ? { attach } : {}),
    ...(deviceId ? { deviceId } : {}),
    ...(timeExpire ? { timeExpire } : {}),
  }
}

const fingerprintOf = (params: ReadonlyMap<string, string>): string =>
  JSON.stringify(
    [...new Map([['fee_type', 'CNY'], ['sign_type', 'MD5'], ...[...params].filter(([, value]) => value !== '')])]
      .filter(([name]) => !notCompared.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
