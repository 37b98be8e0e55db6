import { alphabets, randomText } from '../../engine/random.ts'
import type { Merchant } from '../../engine/records.ts'
import type { Verdict } from '../../engine/request-log.ts'
import type { World } from '../../world.ts'
import { type Answer, type Call, decodePart, type Handled, headerOf, type Protocol, subjectOf } from '../exchange.ts'
import { authenticate } from './authorization.ts'
import { listCertificates } from './certificates.ts'
import { jsapiPrepay } from './jsapi-prepay.ts'
import { orderClose } from './order-close.ts'
import { queryOrder } from './order-query.ts'
import { applyAbnormalRefund } from './refund-abnormal.ts'
import { applyRefund } from './refund-apply.ts'
import { queryRefund } from './refund-query.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'
import { checkClientHeaders, type V3Request } from './v3-request.ts'
import { signingKeyFor, v3SignatureHeaders } from './v3-signature.ts'

interface Endpoint {
  readonly operation: string
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  /** /v3/pay/transactions was seen to be lenient about headers and to word a bad Authorization differently. */
  readonly transactions: boolean
  /** The JSON to answer; `undefined` is 204. */
  readonly work: (world: World, request: V3Request) => object | undefined
}

const endpoints: readonly Endpoint[] = [
  {
    operation: 'jsapi',
    method: 'POST',
    path: /^\/v3\/pay\/transactions\/jsapi$/,
    transactions: true,
    work: jsapiPrepay,
  },
  {
    operation: 'query',
    method: 'GET',
    path: /^\/v3\/pay\/transactions\/id\/([^/]+)$/,
    transactions: true,
    work: (world, request) => queryOrder(world, request, 'transaction_id'),
  },
  {
    operation: 'query',
    method: 'GET',
    path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
    transactions: true,
    work: (world, request) => queryOrder(world, request, 'out_trade_no'),
  },
  {
    operation: 'close',
    method: 'POST',
    path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
    transactions: true,
    work: orderClose,
  },
  {
    operation: 'refund',
    method: 'POST',
    path: /^\/v3\/refund\/domestic\/refunds$/,
    transactions: false,
    work: applyRefund,
  },
  {
    operation: 'refund-query',
    method: 'GET',
    path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)$/,
    transactions: false,
    work: queryRefund,
  },
  {
    operation: 'refund-abnormal',
    method: 'POST',
    path: /^\/v3\/refund\/domestic\/refunds\/([^/]+)\/apply-abnormal-refund$/,
    transactions: false,
    work: applyAbnormalRefund,
  },
  {
    operation: 'certificates',
    method: 'GET',
    path: /^\/v3\/certificates$/,
    transactions: false,
    work: listCertificates,
  },
]

/** Pay v3 (pay-v3.md). Order of checks: headers, Authorization's format, clock, serial, signature, JSON, business. */
export const v3Protocol = (world: World): Protocol => ({
  async handle(call) {
    const there = endpoints.filter(({ path }) => path.test(call.path))
    const endpoint = there.find(({ method }) => method === call.method)
    if (endpoint) return answerCall(world, call, endpoint)
    const status = there.length > 0 ? 405 : 404
    const verdict = { ok: false, code: status === 405 ? 'method_not_allowed' : 'not_found' }
    return { answer: { status, headers: {}, body: '' }, verdict }
  },
  async fail(_call, problem) {
    return problem === 'system-error'
      ? refused(world, new V3Refusal('SYSTEM_ERROR', '系统异常，请稍后重试'))
      : refused(world, new V3Refusal('FREQUENCY_LIMITED', '频率限制', { requestIdCode: requestIdCodes.frequencyLimit }))
  },
})

async function answerCall(world: World, call: Call, endpoint: Endpoint): Promise<Handled> {
  try {
    if (!endpoint.transactions) checkClientHeaders(call)
    const merchant = await authenticate(world, call, endpoint.transactions)
    const pathValue = decodePart(endpoint.path.exec(call.path)?.[1] ?? '')
    const { outTradeNo = '', outRefundNo = '' } = subjectOf(call, world.books)
    const about = { operation: endpoint.operation, mchid: merchant.mchid, outTradeNo, outRefundNo }
    try {
      const wechatpaySerial = headerOf(call, 'wechatpay-serial')
      const result = endpoint.work(world, { call, merchant, pathValue, wechatpaySerial })
      const answer = await signedAnswer(world, call, merchant, result)
      return { answer, verdict: { ok: true, code: 'SUCCESS' }, ...about }
    } catch (error) {
      if (error instanceof V3Refusal) return { ...refused(world, error), ...about }
      throw error
    }
  } catch (error) {
    if (error instanceof V3Refusal) return refused(world, error)
    throw error
  }
}

async function signedAnswer(world: World, call: Call, merchant: Merchant, result: object | undefined): Promise<Answer> {
  const body = result === undefined ? '' : JSON.stringify(result)
  const common = {
    'Request-ID': requestId(world, requestIdCodes.none),
    ...(result === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
  }
  const status = result === undefined ? 204 : 200
  const subject = { ...subjectOf(call, world.books), mchid: merchant.mchid }
  const fault = world.faults.take(subject, 'response.sign-probe', 'response.unsigned', 'response.wrong-key')
  if (fault?.name === 'response.unsigned') return { status, headers: common, body }
  const key = signingKeyFor(world, merchant, headerOf(call, 'wechatpay-serial'))
  const signature = await v3SignatureHeaders(world, key, body, {
    probe: fault?.name === 'response.sign-probe',
    wrongKey: fault?.name === 'response.wrong-key',
  })
  return { status, headers: { ...common, ...signature }, body }
}

function refused(world: World, error: V3Refusal): Handled {
  const { code, status, message, detail, requestIdCode, hint } = error
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    ...(requestIdCode === undefined ? {} : { 'Request-ID': requestId(world, requestIdCode) }),
  }
  const body = JSON.stringify({ code, message, ...(detail ? { detail } : {}) })
  const verdict: Verdict = { ok: false, code, message, ...hint }
  return { answer: { status, headers, body }, verdict }
}

const requestId = (world: World, code: number): string =>
  `08${randomText(world.random, alphabets.hex, 42).toUpperCase()}-${code}`
