import { until } from '../until.ts'

/** A merchant as GET /_sim/merchants answers it: what one gets from WeChat's merchant platform. */
export interface MerchantKeys {
  mchid: string
  api_v2_key: string
  api_v3_key: string
  certificate: { serial_no: string; certificate_pem: string; private_key_pem: string }
  wechatpay_public_key: { id: string; public_key_pem: string }
  apps: { appid: string }[]
}

/** A message of GET /_sim/requests, with its answer. */
export interface LoggedMessage {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  status: number
  response_headers: Record<string, string>
  response_body: string
  verdict: { ok: boolean; signed_string?: string }
}

/** What the phone is told by wx.requestPayment; beyond `errMsg`, what the simulator adds for developers. */
export interface SheetAnswer {
  errMsg: string
  reason?: string
  signed_string?: string
  merchant_name?: string
  amount_fen?: number
  description?: string
}

interface Books {
  orders: { out_trade_no: string; trade_state: string; total: number; transaction_id?: string }[]
}

/** The simulated WeChat: the phone's side of it, and the controls that show what went on. */
export class SimulatedWechat {
  readonly #url: string
  readonly #signal: AbortSignal

  constructor(url: string, signal: AbortSignal) {
    this.#url = url
    this.#signal = signal
  }

  async merchant(): Promise<MerchantKeys> {
    const { merchants } = await this.#json<{ merchants: MerchantKeys[] }>('/_sim/merchants')
    const [merchant] = merchants
    if (merchant === undefined) throw new Error('the simulated WeChat has no merchant')
    return merchant
  }

  /** `wx.login`. */
  login(appid: string, user: string): Promise<{ code: string }> {
    return this.#json('/_sim/wx/login', { appid, user })
  }

  /** `wx.requestPayment`, and what the user does with the sheet. */
  requestPayment(sheet: Record<string, string>, action: 'preview' | 'cancel' | 'confirm'): Promise<SheetAnswer> {
    return this.#json('/_sim/wx/requestPayment', { ...sheet, action })
  }

  books(): Promise<Books> {
    return this.#json('/_sim/books')
  }

  /** The newest message whose path contains `path`; waits for it. */
  async newest(path: string): Promise<LoggedMessage> {
    let found: LoggedMessage | undefined
    await until(`a message to ${path}`, async () => {
      const query = new URLSearchParams({ path, limit: '1' })
      const { requests } = await this.#json<{ requests: LoggedMessage[] }>(`/_sim/requests?${query}`)
      found = requests[0]
      return found !== undefined
    })
    if (found === undefined) throw new Error(`WeChat has seen no message to ${path}`)
    return found
  }

  /**
   * The string that WeChat signs for a message. It tells that of a refused signature, so the message is sent to `path`
   * once more with one character of its signature changed.
   */
  async signedString(path: string, headers: Record<string, string>, body: string): Promise<string> {
    const { authorization } = headers
    await fetch(new URL(path, this.#url), {
      method: 'POST',
      headers: {
        'content-type': headers['content-type'] ?? 'text/xml; charset=utf-8',
        accept: 'application/json',
        'user-agent': 'fenpay-demo',
        ...(authorization === undefined ? {} : { authorization: spoilSignature(authorization) }),
      },
      body: spoilSignature(body),
      signal: this.#signal,
    })
    const { verdict } = await this.newest(path)
    if (verdict.signed_string === undefined) throw new Error(`WeChat does not show the string it signed for ${path}`)
    return verdict.signed_string
  }

  async #json<Answer>(path: string, data?: unknown): Promise<Answer> {
    const response = await fetch(new URL(path, this.#url), {
      ...(data === undefined ? {} : { method: 'POST', body: JSON.stringify(data) }),
      headers: { 'content-type': 'application/json' },
      signal: this.#signal,
    })
    if (!response.ok) throw new Error(`${path} of the simulated WeChat answered ${response.status}`)
    return (await response.json()) as Answer
  }
}

const spoilSignature = (text: string): string =>
  text.replace(/(\bsignature="|<sign><!\[CDATA\[)(.)/, (_, start: string, first: string) => start + otherThan(first))

/** Another character that a signature may begin with. */
export const otherThan = (character: string): string => (character === 'A' ? 'B' : 'A')
