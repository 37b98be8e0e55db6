import { createSecretKey, type KeyObject } from 'node:crypto'
import { MerchantKey } from '../auth/merchant-key.ts'
import { PlatformKey } from '../auth/platform-key.ts'
import { PlatformKeys } from '../auth/platform-keys.ts'
import type { HeaderSource } from '../auth/signed-headers.ts'
import { decryptResource } from '../crypto/aes-gcm.ts'
import { isWechatError, WechatMalformedError, WechatSignatureError } from '../errors.ts'
import { HttpCaller } from '../http/http-caller.ts'
import type { HttpOptions } from '../http/http-options.ts'
import {
  appidForm,
  checkAmountFen,
  checkId,
  checkSecret,
  checkSendable,
  mchidForm,
  outRefundNoForm,
  outTradeNoForm,
  prepayIdForm,
  transactionIdForm,
} from '../options.ts'
import { parseJsonObject } from '../wire/json-fields.ts'
import { payHosts } from '../wire/pay-hosts.ts'
import type { PaymentParams } from '../wire/payment-params.ts'
import { readV3Transaction, type V3JsapiRequest, type V3Transaction } from '../wire/v3-jsapi.ts'
import { readSealedNotify, readV3Notify, type V3Notify } from '../wire/v3-notify.ts'
import { readV3Refund, type V3AbnormalRefundRequest, type V3Refund, type V3RefundRequest } from '../wire/v3-refund.ts'
import { checkV3AbnormalRefund, checkV3Refund } from './check-v3-refund.ts'
import { decryptCertificates, verifyCertificates } from './download-certificates.ts'
import { paySignMessage } from './pay-sign.ts'
import { type V3Call, V3Transport } from './v3-transport.ts'

/** Which keys of WeChat's to believe. Both kinds may be given at once; each message names the one it is signed with. */
export interface PlatformKeysOptions {
  /** WeChat Pay public keys (`PUB_KEY_ID_…`), from the merchant platform. The first is the one WeChat is asked to use. */
  publicKeys?: ReadonlyArray<{ id: string; publicKey: string | KeyObject }>
  /** Platform certificates in PEM. */
  certificates?: ReadonlyArray<{ serialNo: string; certificate: string }>
  /** Whether to download platform certificates. Default: true, unless only public keys are given. */
  download?: boolean
  /** Platform certificates that an earlier download brought: they serve until the next one replaces them. */
  kept?: readonly DownloadedCertificate[]
  /** Told of each download, once it is verified, to be kept for the next start. */
  onDownload?: (certificates: readonly DownloadedCertificate[]) => void
}

/** A platform certificate, in PEM. */
export interface DownloadedCertificate {
  serialNo: string
  certificate: string
}

export interface PayV3Options extends HttpOptions {
  mchid: string
  /** The APIv3 key: 32 characters. */
  apiV3Key: string
  /** The merchant's API certificate: its serial number and private key (RSA, PEM or KeyObject). */
  merchantKey: { serialNo: string; privateKey: string | KeyObject }
  /** Default: platform certificates, downloaded. */
  platformKeys?: PlatformKeysOptions
}

/** A key of WeChat's as {@link PayV3Client.platformKeys} tells of it. */
export interface PlatformKeyInfo {
  kind: 'certificate' | 'public_key'
  serial: string
  /** Milliseconds since the epoch; Infinity for a public key. */
  expiresAt: number
}

/**
 * WeChat Pay v3 of one merchant: Mini Program prepay, query, close, refunds, notifies.
 *
 * Every method throws a `WechatError`, or `TypeError` for a caller's mistake. Calls are tried up to three times within
 * `timeoutMs`, on both hosts: all but {@link applyAbnormalRefund} may be repeated (see each). Signing and verifying runs on the thread pool.
 */
export class PayV3Client {
  readonly #mchid: string
  readonly #apiV3Key: KeyObject
  readonly #merchantKey: MerchantKey
  readonly #keys: PlatformKeys
  readonly #onDownload: NonNullable<PlatformKeysOptions['onDownload']>
  readonly #caller: HttpCaller
  readonly #transport: V3Transport

  /** @throws TypeError for any option that cannot be right, a platform key that is the merchant's own among them */
  constructor(options: PayV3Options) {
    this.#mchid = checkId('mchid', options.mchid, mchidForm)
    const apiV3Key = checkSecret('apiV3Key', options.apiV3Key, /^[\x21-\x7e]{32}$/, '32 characters, no blanks')
    this.#apiV3Key = createSecretKey(apiV3Key, 'utf8')
    this.#merchantKey = new MerchantKey(options.merchantKey)
    this.#caller = new HttpCaller(options, payHosts)
    const {
      publicKeys = [],
      certificates = [],
      kept = [],
      download,
      onDownload = () => {},
    } = options.platformKeys ?? {}
    this.#onDownload = onDownload
    const configured = [
      ...publicKeys.map(({ id, publicKey }) => PlatformKey.fromPublicKey(id, publicKey)),
      ...certificates.map(({ serialNo, certificate }) => PlatformKey.fromCertificate(serialNo, certificate)),
    ]
    const earlier = kept.map(({ serialNo, certificate }) => PlatformKey.fromCertificate(serialNo, certificate))
    for (const key of [...configured, ...earlier]) {
      if (this.#isOwn(key)) throw new TypeError("A platform key is the merchant's own: configure WeChat's instead")
    }
    const downloads = download ?? (publicKeys.length === 0 || certificates.length > 0)
    if (!downloads && configured.length === 0) throw new TypeError('platformKeys has no key and download is off')
    const downloading = downloads ? () => this.#download() : undefined
    this.#keys = new PlatformKeys(configured, downloading, this.#caller.clock, earlier)
    this.#transport = new V3Transport({
      caller: this.#caller,
      mchid: this.#mchid,
      merchantKey: this.#merchantKey,
      keys: this.#keys,
      wantedSerial: publicKeys[0]?.id,
    })
  }

  /**
   * `POST /v3/pay/transactions/jsapi`. The prepay_id is valid for 2 hours. Repeating the identical request is safe:
   * WeChat answers the same order again (re-entry); other values under the same out_trade_no are refused.
   */
  async prepayJsapi(request: V3JsapiRequest): Promise<{ prepay_id: string }> {
    if (request.mchid !== undefined && request.mchid !== this.#mchid) {
      throw new TypeError("mchid is not this client's")
    }
    checkId('appid', request.appid, appidForm)
    checkId('out_trade_no', request.out_trade_no, outTradeNoForm)
    checkAmountFen('amount.total', request.amount.total)
    const body = toJson({ ...request, mchid: this.#mchid })
    return this.#transport.call({ method: 'POST', path: '/v3/pay/transactions/jsapi', body }, (answer) => ({
      prepay_id: parseJsonObject(answer).text('prepay_id'),
    }))
  }

  /** `GET /v3/pay/transactions/out-trade-no/…`. Changes nothing, so it may be repeated. */
  async queryByOutTradeNo(outTradeNo: string): Promise<V3Transaction> {
    const number = checkId('outTradeNo', outTradeNo, outTradeNoForm)
    return this.#query(`out-trade-no/${encodeURIComponent(number)}`, 'out_trade_no', number)
  }

  /** `GET /v3/pay/transactions/id/…`. Changes nothing, so it may be repeated. */
  async queryByTransactionId(transactionId: string): Promise<V3Transaction> {
    const number = checkId('transactionId', transactionId, transactionIdForm)
    return this.#query(`id/${number}`, 'transaction_id', number)
  }

  /**
   * `POST /v3/pay/transactions/out-trade-no/…/close`. Safe to repeat: a closed order closes again. A paid order is
   * refused: query it.
   */
  async close(outTradeNo: string): Promise<void> {
    const number = encodeURIComponent(checkId('outTradeNo', outTradeNo, outTradeNoForm))
    const path = `/v3/pay/transactions/out-trade-no/${number}/close`
    await this.#transport.call({ method: 'POST', path, body: toJson({ mchid: this.#mchid }) }, () => undefined)
  }

  /**
   * `POST /v3/refund/domestic/refunds`. An answer means that WeChat has accepted the refund, not that the money is back:
   * `status` tells, and later {@link queryRefund} or a notify. Limits of WeChat's: within 365 days of the payment, 50
   * refunds an order, a minute apart.
   *
   * Repeating the identical request is safe: WeChat carries out an out_refund_no once and answers the same refund again.
   * Commit the number before the call. When `outcomeUnknown` is true, the refund may be under way: query it, or repeat
   * the identical request, and never take a new number. NOT_ENOUGH (the merchant's funds) has `retryLater`.
   *
   * The answer is compared with the request: numbers and amounts of another refund are `identity_mismatch`.
   */
  async refund(request: V3RefundRequest): Promise<V3Refund> {
    checkV3Refund(request)
    const body = toJson({ ...request, amount: { ...request.amount, currency: 'CNY' } })
    const call = { method: 'POST', path: '/v3/refund/domestic/refunds', body, topic: 'refund_v3' } as const
    return this.#refundCall(call, (refund) => {
      const { out_refund_no, out_trade_no = refund.out_trade_no, transaction_id = refund.transaction_id } = request
      return (
        refund.out_refund_no === out_refund_no &&
        refund.out_trade_no === out_trade_no &&
        refund.transaction_id === transaction_id &&
        refund.amount.total === request.amount.total &&
        refund.amount.refund === request.amount.refund
      )
    })
  }

  /**
   * `GET /v3/refund/domestic/refunds/…`. Changes nothing, so it may be repeated. RESOURCE_NOT_EXISTS: WeChat never
   * accepted this number; if its request was sent, repeat it unchanged.
   */
  async queryRefund(outRefundNo: string): Promise<V3Refund> {
    const number = checkId('outRefundNo', outRefundNo, outRefundNoForm)
    const path = `/v3/refund/domestic/refunds/${encodeURIComponent(number)}`
    return this.#refundCall({ method: 'GET', path, topic: 'refund_query' }, (refund) => refund.out_refund_no === number)
  }

  /**
   * `POST /v3/refund/domestic/refunds/…/apply-abnormal-refund`: sends the money of an ABNORMAL refund to a card of the
   * user's, or back to the merchant. Account and name are encrypted with WeChat's key, which is downloaded if need be.
   *
   * WeChat promises nothing about a repeat, so a request that may have arrived is not sent again: when `outcomeUnknown`
   * is true, query the refund; it is ABNORMAL no longer if the application was taken.
   * @param refundId WeChat's number of the refund
   */
  async applyAbnormalRefund(refundId: string, request: V3AbnormalRefundRequest): Promise<V3Refund> {
    const number = checkId('refundId', refundId, transactionIdForm)
    checkV3AbnormalRefund(request)
    const path = `/v3/refund/domestic/refunds/${number}/apply-abnormal-refund`
    const call = {
      method: 'POST',
      path,
      ...(await this.#seal(request)),
      repetition: 'once',
      topic: 'refund_v3',
    } as const
    return this.#refundCall(call, (refund) => {
      return refund.refund_id === number && refund.out_refund_no === request.out_refund_no
    })
  }

  /**
   * Checks and opens a notify: signature over the raw bytes, five-minute window, algorithm, decryption, fields, merchant.
   * Nothing of it may be used unless this returns. Compare appid, out_trade_no and amount with the order; the same
   * notify may come again.
   * @param message the request's headers, and its body exactly as received
   */
  async parseNotify(message: { headers: HeaderSource; body: Uint8Array }): Promise<V3Notify> {
    if (!(message.body instanceof Uint8Array)) throw new TypeError('body must be the raw bytes, not parsed JSON')
    await this.#verifyNotify(message)
    const sealed = readSealedNotify(message.body)
    const notify = readV3Notify(sealed, decryptResource(sealed.resource, this.#apiV3Key))
    if (notify.kind !== 'other' && notify.resource.mchid !== this.#mchid) throw notOurs()
    return notify
  }

  /** A wrong signature stays one; where the sealed part opens, something between WeChat and us has changed the rest (F46). */
  async #verifyNotify({ headers, body }: { headers: HeaderSource; body: Uint8Array }): Promise<void> {
    try {
      await this.#transport.verify(headers, body, this.#caller.timeoutMs)
    } catch (error) {
      const isWrong = error instanceof WechatSignatureError && error.reason === 'bad_signature' && !error.probe
      if (!isWrong || !this.#opens(body)) throw error
      const message =
        'The message carries a wrong signature and a genuine sealed part: a proxy may have rewritten the body'
      throw new WechatSignatureError('bad_signature', message, { bodyAltered: true, cause: error })
    }
  }

  #opens(body: Uint8Array): boolean {
    try {
      decryptResource(readSealedNotify(body).resource, this.#apiV3Key)
      return true
    } catch (error) {
      if (isWechatError(error)) return false
      throw error
    }
  }

  /** What wx.requestPayment needs, signed afresh. `appid` is the running Mini Program's, the one of the order. */
  async paymentParams({ appid, prepayId }: { appid: string; prepayId: string }): Promise<PaymentParams> {
    const params = {
      timeStamp: this.#caller.timestamp(),
      nonceStr: this.#caller.nonce(),
      package: `prepay_id=${checkId('prepayId', prepayId, prepayIdForm)}`,
    }
    const message = paySignMessage({ ...params, appid: checkId('appid', appid, appidForm) })
    return { ...params, signType: 'RSA', paySign: await this.#merchantKey.sign(message) }
  }

  /** Downloads the platform certificates now. Happens by itself when needed and every 12 hours. */
  async refreshCertificates(): Promise<void> {
    await this.#keys.refresh()
  }

  /** The keys known now, to watch their expiry. */
  platformKeys(): PlatformKeyInfo[] {
    return this.#keys.all().map(({ kind, serial, expiresAt }) => ({ kind, serial, expiresAt }))
  }

  /** An answer's signature does not cover the question: another order's genuine answer would verify as well. */
  #query(path: string, name: 'out_trade_no' | 'transaction_id', number: string): Promise<V3Transaction> {
    const call = { method: 'GET', path: `/v3/pay/transactions/${path}?mchid=${this.#mchid}` } as const
    return this.#transport.call(call, (answer) => {
      const transaction = readV3Transaction(parseJsonObject(answer))
      if (transaction.mchid !== this.#mchid || transaction[name] !== number) throw notOurs()
      return transaction
    })
  }

  #refundCall(call: V3Call, isAsked: (refund: V3Refund) => boolean): Promise<V3Refund> {
    return this.#transport.call(call, (answer) => {
      const refund = readV3Refund(parseJsonObject(answer))
      if (isAsked(refund)) return refund
      throw new WechatMalformedError('identity_mismatch', 'The message is about another refund')
    })
  }

  async #seal(request: V3AbnormalRefundRequest): Promise<Pick<V3Call, 'body'> & { encryptedFor?: string }> {
    const { out_refund_no, type } = request
    if (request.type === 'MERCHANT_BANK_CARD') return { body: toJson({ out_refund_no, type }) }
    const key = await this.#keys.forEncryption(this.#caller.timeoutMs)
    const body = toJson({
      out_refund_no,
      type,
      bank_type: request.bank_type,
      bank_account: key.encrypt(request.bank_account),
      real_name: key.encrypt(request.real_name),
    })
    return { body, encryptedFor: key.wireSerial }
  }

  #isOwn(key: PlatformKey): boolean {
    return this.#merchantKey.isOwn(key.serial, key.publicKey)
  }

  #download(): Promise<PlatformKey[]> {
    return this.#transport.exchange({ method: 'GET', path: '/v3/certificates' }, async (answer) => {
      const certificates = decryptCertificates(answer.body, this.#apiV3Key)
      if (certificates.some((key) => this.#isOwn(key))) throw notOurs()
      await verifyCertificates(answer, certificates, (serial) => this.#keys.peek(serial), this.#caller.clock())
      this.#onDownload(certificates.map(({ serial, pem = '' }) => ({ serialNo: serial, certificate: pem })))
      return certificates
    })
  }
}

function notOurs(): WechatMalformedError {
  return new WechatMalformedError('identity_mismatch', 'The message is about another merchant or order')
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (name, field: unknown) =>
    typeof field === 'string' ? checkSendable(name, field) : field,
  )
}
