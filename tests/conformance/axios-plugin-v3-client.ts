import { isAxiosError } from 'axios'
import { Aes, Decorator, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import type { NotifyMessage } from './notify-receiver.ts'

/** A JSON object of Pay v3 in WeChat's spelling. */
export type Json = Record<string, unknown>

/** Keys that WeChat signs with, PEM by serial number or public key id. */
export type TrustedKeys = Record<string, string>

/** What a client is configured with. */
export interface V3Config {
  readonly url: string
  readonly appid: string
  readonly mchid: string
  readonly serialNo: string
  readonly privateKeyPem: string
  readonly apiV3Key: string
  readonly trusted: TrustedKeys
  /** Sent as Wechatpay-Serial: the key that WeChat is asked to sign with. */
  readonly askForKey?: string
}

/** What an error of the SDK says: WeChat's refusal, or the SDK's own reason for refusing an answer. */
export interface V3Refusal {
  readonly reason: string
  readonly status?: number
  readonly message?: string
}

/** wechatpay-axios-plugin for one Mini Program, used as its documents say. Calls reject with the SDK's own errors. */
export class AxiosPluginV3Client {
  readonly #config: V3Config
  readonly #client: Wechatpay

  constructor(config: V3Config) {
    this.#config = config
    const { url, mchid, serialNo, privateKeyPem, trusted, askForKey } = config
    this.#client = new Wechatpay({
      baseURL: url,
      proxy: false,
      mchid,
      serial: serialNo,
      privateKey: privateKeyPem,
      certs: trusted,
      ...(askForKey === undefined ? {} : { headers: { 'Wechatpay-Serial': askForKey } }),
    })
  }

  async jsapi(order: Json): Promise<Json> {
    const { appid, mchid } = this.#config
    return (await this.#client.chain('v3/pay/transactions/jsapi').post<Json>({ appid, mchid, ...order })).data
  }

  async query(outTradeNo: string): Promise<Json> {
    const path = 'v3/pay/transactions/out-trade-no/{out_trade_no}'
    const params = { mchid: this.#config.mchid }
    return (await this.#client.chain(path).get<Json>({ params, out_trade_no: outTradeNo })).data
  }

  async queryById(transactionId: string): Promise<Json> {
    const path = 'v3/pay/transactions/id/{transaction_id}'
    const params = { mchid: this.#config.mchid }
    return (await this.#client.chain(path).get<Json>({ params, transaction_id: transactionId })).data
  }

  /** Answers the HTTP status. */
  async close(outTradeNo: string): Promise<number> {
    const path = 'v3/pay/transactions/out-trade-no/{out_trade_no}/close'
    const body: Json = { mchid: this.#config.mchid }
    return (await this.#client.chain(path).post<Json>(body, { out_trade_no: outTradeNo })).status
  }

  /**
   * Downloads the platform certificates, decrypts them and verifies the answer with them. The SDK's own program
   * (`wxpay crt`) adds them to an object that `Wechatpay` of 0.9 copies and therefore never sees; the verifier takes
   * the object as it is, so it is put together from the same parts here (pay-v3.md 5.1).
   */
  async downloadCertificates(): Promise<TrustedKeys> {
    const certificates: TrustedKeys = {}
    const decrypt = (body: string): string => {
      const { data = [] } = JSON.parse(body) as { data?: DownloadedCertificate[] }
      for (const { serial_no, encrypt_certificate: sealed } of data) {
        const { ciphertext, nonce, associated_data } = sealed
        certificates[serial_no] = Aes.AesGcm.decrypt(ciphertext, this.#config.apiV3Key, nonce, associated_data)
      }
      return body
    }
    await this.#client.chain('v3/certificates').get({
      transformResponse: [decrypt, Decorator.responseVerifier(certificates)],
    })
    return certificates
  }

  /** For wx.requestPayment. */
  payParameters(prepayId: string): Record<string, string> {
    const timeStamp = `${Formatter.timestamp()}`
    const nonceStr = Formatter.nonce()
    const packageText = `prepay_id=${prepayId}`
    const message = Formatter.joinedByLineFeed(this.#config.appid, timeStamp, nonceStr, packageText)
    const paySign = Rsa.sign(message, this.#config.privateKeyPem)
    return { timeStamp, nonceStr, package: packageText, signType: 'RSA', paySign }
  }

  /** The decrypted content of a notification. Throws the SDK's own error when it does not verify or decrypt. */
  openNotify({ headers, body }: NotifyMessage): Json {
    const verified: unknown = Decorator.responseVerifier(this.#config.trusted).call({}, body, headers)
    if (verified instanceof Error) throw verified
    const { resource } = JSON.parse(body) as { resource: Record<'ciphertext' | 'nonce' | 'associated_data', string> }
    const { ciphertext, nonce, associated_data } = resource
    return JSON.parse(Aes.AesGcm.decrypt(ciphertext, this.#config.apiV3Key, nonce, associated_data)) as Json
  }
}

interface DownloadedCertificate {
  readonly serial_no: string
  readonly encrypt_certificate: Record<'ciphertext' | 'nonce' | 'associated_data', string>
}

/** Reads an error that a call rejected with. */
export function readRefusal(error: unknown): V3Refusal {
  if (!isAxiosError<{ code?: string; message?: string }>(error)) return { reason: String(error) }
  if (error.code?.startsWith('EV3_RES_')) return { reason: error.code }
  const { status, data } = error.response ?? {}
  return {
    reason: data?.code ?? error.message,
    ...(status === undefined ? {} : { status }),
    ...(data?.message === undefined ? {} : { message: data.message }),
  }
}
