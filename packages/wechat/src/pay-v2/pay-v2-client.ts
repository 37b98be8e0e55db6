import { WechatMalformedError, WechatRefusedError } from '../errors.ts'
import type { ClientCertificate } from '../http/client-certificate.ts'
import { HttpCaller, type Repetition } from '../http/http-caller.ts'
import type { HttpOptions } from '../http/http-options.ts'
import { createSecureCaller } from '../http/secure-caller.ts'
import {
  appidForm,
  checkAmountFen,
  checkId,
  checkSecret,
  mchidForm,
  outRefundNoForm,
  outTradeNoForm,
  prepayIdForm,
  transactionIdForm,
} from '../options.ts'
import { printFlatXml, readFlatXml } from '../wire/flat-xml.ts'
import type { PayTopic } from '../wire/pay-advice.ts'
import { payHosts } from '../wire/pay-hosts.ts'
import type { PaymentParams } from '../wire/payment-params.ts'
import { V2Fields } from '../wire/v2-fields.ts'
import {
  readV2Order,
  readV2PaymentNotify,
  readV2UnifiedOrderResult,
  type V2Order,
  type V2PaymentNotify,
  type V2UnifiedOrderFields,
  type V2UnifiedOrderResult,
} from '../wire/v2-pay.ts'
import {
  readV2RefundPage,
  readV2RefundResult,
  type V2Refund,
  type V2RefundFields,
  type V2RefundPage,
  type V2RefundResult,
} from '../wire/v2-refund.ts'
import { decryptReqInfo, readV2RefundNotify, reqInfoKey, type V2RefundNotify } from '../wire/v2-refund-notify.ts'
import { checkV2Refund } from './check-v2-refund.ts'
import { collectRefundPages } from './collect-refund-pages.ts'
import { readAnswer, readAnswerXml, readVerified } from './read-answer.ts'
import { signV2, type V2SignType } from './v2-sign.ts'

export interface PayV2Options extends HttpOptions {
  mchId: string
  /** The API key (v2): 32 letters and digits. Not the APIv3 key, not the app secret. */
  apiKey: string
  /** For requests, answers, notifies and paySign alike. HMAC-SHA256 is the better one. */
  signType: V2SignType
  /** The merchant's API certificate and its private key, for {@link PayV2Client.refund} alone. */
  clientCertificate?: ClientCertificate
}

/** A refund by one of its numbers. */
export type V2RefundKey = { appid: string } & ({ out_refund_no: string } | { refund_id: string })

/** An order by one of its numbers. */
export type V2OrderKey = { appid: string } & ({ out_trade_no: string } | { transaction_id: string })

/**
 * WeChat Pay v2 of one merchant: unified order, query, close, refunds, notifies.
 *
 * Every method throws a `WechatError`, or `TypeError` for a caller's mistake. Calls are tried up to three times within
 * `timeoutMs`, on both hosts, always with the very same bytes: all of them may be repeated (see each).
 */
export class PayV2Client {
  readonly #mchId: string
  readonly #apiKey: string
  readonly #signType: V2SignType
  readonly #caller: HttpCaller
  readonly #secureCaller: HttpCaller | undefined

  /** @throws TypeError for any option that cannot be right */
  constructor(options: PayV2Options) {
    this.#mchId = checkId('mchId', options.mchId, mchidForm)
    this.#apiKey = checkSecret('apiKey', options.apiKey, /^[A-Za-z0-9]{32}$/, '32 letters and digits')
    this.#signType = checkSignType(options.signType)
    this.#caller = new HttpCaller(options, payHosts)
    this.#secureCaller = createSecureCaller(options, options.clientCertificate, payHosts)
  }

  /**
   * `/pay/unifiedorder`. The prepay_id is valid for 2 hours. Repeating it with identical values is safe: WeChat answers
   * the same order again (re-entry); other values under the same out_trade_no are refused.
   *
   * `attach` and `device_info` come back signed in notifies, so they must not contain `&` or `=`: such a text would
   * sign like two fields.
   */
  async unifiedOrder(order: V2UnifiedOrderFields): Promise<V2UnifiedOrderResult> {
    checkId('out_trade_no', order.out_trade_no, outTradeNoForm)
    checkAmountFen('total_fee', order.total_fee)
    for (const name of ['attach', 'device_info'] as const) {
      if (/[&=]/.test(order[name] ?? '')) throw new TypeError(`${name} must not contain & or =`)
    }
    const fields = new Map<string, string>()
    for (const [name, value] of Object.entries(order)) {
      if (value !== undefined) fields.set(name, name === 'total_fee' ? String(value) : checkText(name, value))
    }
    return this.#call({ path: '/pay/unifiedorder', appid: order.appid, fields }, readV2UnifiedOrderResult)
  }

  /** `/pay/orderquery`, by either number. Changes nothing, so it may be repeated. */
  async queryOrder(key: V2OrderKey): Promise<V2Order> {
    const [name, number] = numberOf(key)
    const fields = new Map([[name, number]])
    return this.#call({ path: '/pay/orderquery', appid: key.appid, fields, repetition: 'read' }, (answer) => {
      const order = readV2Order(answer)
      // The signature does not cover the question: another order's genuine answer would verify as well. WeChat
      // guarantees transaction_id in the state SUCCESS only; out_trade_no is always there for the caller to compare.
      if (order[name] === number || order[name] === undefined) return order
      throw new WechatMalformedError('identity_mismatch', `The answer is about another ${name}`, name)
    })
  }

  /**
   * `/pay/closeorder`. Safe to repeat, and an order that is closed already counts as success. A paid one is refused
   * with ORDERPAID: query it. WeChat asks to wait five minutes after creating an order.
   */
  async closeOrder({ appid, out_trade_no }: { appid: string; out_trade_no: string }): Promise<void> {
    const number = checkId('out_trade_no', out_trade_no, outTradeNoForm)
    try {
      await this.#call({ path: '/pay/closeorder', appid, fields: new Map([['out_trade_no', number]]) }, () => undefined)
    } catch (error) {
      const isClosed = error instanceof WechatRefusedError && error.canonicalCode === 'ORDER_CLOSED'
      if (!isClosed) throw error
    }
  }

  /**
   * `/secapi/pay/refund`, over mutual TLS. An answer means that WeChat has accepted the refund, not that the money is
   * back: {@link queryRefund} tells, on a notify or later. Limits of WeChat's: within a year of the payment, 50 refunds an
   * order, a minute apart.
   *
   * Repeating it with identical values is safe: WeChat carries out an out_refund_no once and answers the same refund
   * again. Commit the number before the call. When `outcomeUnknown` is true, the refund may be under way: query it, or
   * repeat it unchanged, and never take a new number. NOTENOUGH (the merchant's funds) has `retryLater`.
   *
   * The answer is compared with the request: numbers and amounts of another refund are `identity_mismatch`.
   * @throws TypeError without `clientCertificate`
   */
  async refund(refund: V2RefundFields): Promise<V2RefundResult> {
    checkV2Refund(refund)
    if (this.#secureCaller === undefined) {
      throw new TypeError('A refund needs clientCertificate: the API certificate and its private key, in PEM')
    }
    const fields = new Map<string, string>()
    for (const [name, value] of Object.entries(refund)) {
      const isAmount = name === 'total_fee' || name === 'refund_fee'
      if (value !== undefined) fields.set(name, isAmount ? String(value) : checkText(name, value))
    }
    const call = { path: '/secapi/pay/refund', appid: refund.appid, fields, topic: 'refund_v2' } as const
    return this.#call({ ...call, caller: this.#secureCaller }, (answer) => {
      const result = readV2RefundResult(answer)
      for (const name of ['out_refund_no', 'total_fee', 'refund_fee', 'transaction_id', 'out_trade_no'] as const) {
        if (refund[name] !== undefined && result[name] !== refund[name]) throw anotherRefund(name)
      }
      return result
    })
  }

  /**
   * `/pay/refundquery`, one refund by either of its numbers. Changes nothing, so it may be repeated. REFUNDNOTEXIST:
   * WeChat never accepted this number; if its request was sent, repeat it unchanged.
   */
  async queryRefund(key: V2RefundKey): Promise<V2Refund> {
    const [name, number] = refundNumberOf(key)
    return this.#queryRefundPage(key.appid, new Map([[name, number]]), ({ refunds: [refund, ...others] }) => {
      if (refund === undefined || others.length > 0 || refund[name] !== number) throw anotherRefund(name)
      return refund
    })
  }

  /**
   * `/pay/refundquery`, all refunds of an order, also those made in the merchant platform; none if WeChat knows of none.
   * Ten at a time, each page a call with a limit of its own. Changes nothing, so it may be repeated; a refund that comes
   * into being meanwhile can make the pages disagree (`wechat_malformed`): ask again.
   *
   * WeChat advises to ask by refund number when an order has more than 20 refunds.
   */
  async queryRefunds(key: V2OrderKey): Promise<V2Refund[]> {
    const [name, number] = numberOf(key)
    return collectRefundPages(async (offset) => {
      const fields = new Map<string, string>([[name, number]]).set('offset', String(offset))
      try {
        return await this.#queryRefundPage(key.appid, fields, (page) => {
          if (page.refunds.some((refund) => refund[name] !== number)) throw anotherRefund(name)
          return page
        })
      } catch (error) {
        // Asked by the order's number, this refusal is WeChat's way to say: none.
        if (offset === 0 && isSignedNotFound(error)) return { refunds: [], totalCount: 0 }
        throw error
      }
    })
  }

  /**
   * Checks and reads a payment notify from the raw body. Nothing of it may be used unless this returns. Compare appid,
   * out_trade_no and total_fee with the order; the same notify may come again.
   *
   * The algorithm is the configured one, or `signType` if the order was made with another, and never the message's
   * own claim or the length of its sign. WeChat is said to have signed rare notifies of HMAC-SHA256 orders with MD5:
   * such a one is refused here, and the order is found paid by the next query.
   * @throws WechatMalformedError, WechatSignatureError; WechatRefusedError for a genuine notify of a failure
   */
  parsePaymentNotify(body: Uint8Array, { signType = this.#signType }: { signType?: V2SignType } = {}): V2PaymentNotify {
    const expected = { mchId: this.#mchId, apiKey: this.#apiKey, signType: checkSignType(signType) }
    return readV2PaymentNotify(readVerified(readFlatXml(checkBytes(body)), expected))
  }

  /**
   * Decrypts and reads a refund notify. It has no signature, and its cipher does not reveal edits: query the refund
   * before any effect.
   */
  parseRefundNotify(body: Uint8Array): V2RefundNotify {
    const outer = new V2Fields(readFlatXml(checkBytes(body)))
    const inner = readFlatXml(decryptReqInfo(outer.text('req_info'), reqInfoKey(this.#apiKey)), 'root')
    const notify = readV2RefundNotify(outer, new V2Fields(inner))
    if (notify.mch_id === this.#mchId) return notify
    throw new WechatMalformedError('identity_mismatch', 'The message is for another mch_id', 'mch_id')
  }

  /** What wx.requestPayment needs, signed afresh. `appid` is the running Mini Program's, the one of the order. */
  paymentParams({ appid, prepayId }: { appid: string; prepayId: string }): PaymentParams {
    const params = {
      timeStamp: this.#caller.timestamp(),
      nonceStr: this.#caller.nonce(),
      package: `prepay_id=${checkId('prepayId', prepayId, prepayIdForm)}`,
      signType: this.#signType,
    }
    const signed = { ...params, appId: checkId('appid', appid, appidForm) }
    return { ...params, paySign: signV2(Object.entries(signed), this.#apiKey, this.#signType) }
  }

  #queryRefundPage<T>(appid: string, fields: ReadonlyMap<string, string>, read: (page: V2RefundPage) => T): Promise<T> {
    const call = { path: '/pay/refundquery', appid, fields, repetition: 'read', topic: 'refund_query' } as const
    return this.#call({ ...call, maxFields: refundPageFields }, (answer) => read(readV2RefundPage(answer)))
  }

  async #call<T>(call: V2Call, read: (answer: V2Fields) => T): Promise<T> {
    const { path, appid, repetition = 'repeatable', topic = 'order', caller = this.#caller } = call
    const request = new Map(call.fields)
      .set('appid', checkId('appid', appid, appidForm))
      .set('mch_id', this.#mchId)
      .set('nonce_str', caller.nonce())
      .set('sign_type', this.#signType)
    request.set('sign', signV2(request, this.#apiKey, this.#signType))
    const body = printFlatXml(request)
    const headers = { 'content-type': 'text/xml; charset=utf-8', 'user-agent': 'fenpay-wechat' }
    const expected = { mchId: this.#mchId, apiKey: this.#apiKey, signType: this.#signType, appid, topic }
    return caller.run(repetition, async (baseUrl, send) => {
      const answer = await send({ method: 'POST', url: new URL(path, baseUrl).href, headers, body })
      return read(readAnswer(readAnswerXml(answer, call.maxFields), expected))
    })
  }
}

interface V2Call {
  path: string
  appid: string
  fields: ReadonlyMap<string, string>
  /** Default: `repeatable`. */
  repetition?: Repetition
  /** Default: `order`. */
  topic?: PayTopic
  /** Default: the one without client certificate. */
  caller?: HttpCaller
  maxFields?: number
}

/** Ten refunds with a dozen fields each, and three more for each coupon: above the usual limit of a message. */
const refundPageFields = 1000

function isSignedNotFound(error: unknown): boolean {
  return error instanceof WechatRefusedError && error.verified && error.canonicalCode === 'RESOURCE_NOT_EXISTS'
}

function anotherRefund(name: string): WechatMalformedError {
  return new WechatMalformedError('identity_mismatch', `The answer is about another ${name}`, name)
}

function refundNumberOf(key: V2RefundKey): [name: 'out_refund_no' | 'refund_id', number: string] {
  if ('refund_id' in key) return ['refund_id', checkId('refund_id', key.refund_id, transactionIdForm)]
  return ['out_refund_no', checkId('out_refund_no', key.out_refund_no, outRefundNoForm)]
}

function numberOf(key: V2OrderKey): [name: 'out_trade_no' | 'transaction_id', number: string] {
  if ('transaction_id' in key) {
    return ['transaction_id', checkId('transaction_id', key.transaction_id, transactionIdForm)]
  }
  return ['out_trade_no', checkId('out_trade_no', key.out_trade_no, outTradeNoForm)]
}

function checkSignType(signType: unknown): V2SignType {
  if (signType === 'MD5' || signType === 'HMAC-SHA256') return signType
  throw new TypeError('signType must be MD5 or HMAC-SHA256')
}

function checkText(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError(`${name} must be a string`)
}

function checkBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  throw new TypeError('body must be the raw bytes')
}
