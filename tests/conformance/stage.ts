import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Simulator, startSimulator } from '@fenpay/simulator'
import { type NotifyReceiver, openNotifyReceiver } from './notify-receiver.ts'

/** A merchant as `GET /_sim/merchants` tells it: all that an SDK is configured with. */
export interface MerchantConfig {
  readonly mchid: string
  readonly api_v2_key: string
  readonly api_v3_key: string
  readonly certificate: { readonly serial_no: string; readonly private_key_pem: string }
  readonly wechatpay_public_key: { readonly id: string; readonly public_key_pem: string }
  readonly platform_certificates: readonly { readonly serial_no: string; readonly certificate_pem: string }[]
  readonly apps: readonly { readonly appid: string; readonly secret: string }[]
}

/** How the notification of an order stands in the simulator's books. */
export interface NotifyRecord {
  readonly outcomes: readonly string[]
  /** Whether it will be sent again. */
  readonly due: boolean
}

interface Books {
  readonly orders: readonly { readonly trade_state: string }[]
  readonly notifications: readonly {
    readonly due_at?: string
    readonly deliveries: readonly { readonly outcome: string }[]
  }[]
}

/** A simulated WeChat of one test file, with its default merchant, and a back end's address for notifications. */
export class Stage {
  readonly merchant: MerchantConfig
  readonly receiver: NotifyReceiver
  readonly #simulator: Simulator
  readonly #directory: string
  #count = 0

  private constructor(merchant: MerchantConfig, receiver: NotifyReceiver, simulator: Simulator, directory: string) {
    this.merchant = merchant
    this.receiver = receiver
    this.#simulator = simulator
    this.#directory = directory
  }

  static async open(): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), 'fenpay-conformance-'))
    const simulator = await startSimulator({ port: 0, dataDir: directory })
    const [merchant] = (await readJson<{ merchants: MerchantConfig[] }>(`${simulator.url}/_sim/merchants`)).merchants
    if (!merchant) throw new Error('the simulator has no merchant')
    return new Stage(merchant, await openNotifyReceiver(), simulator, directory)
  }

  get url(): string {
    return this.#simulator.url
  }

  get appid(): string {
    return this.#app.appid
  }

  /** An out_trade_no that no other order has. */
  newNumber(): string {
    this.#count += 1
    return `conformance-${String(this.#count).padStart(4, '0')}`
  }

  /** Logs a person in on the phone and on the back end; answers the openid. */
  async login(user: string): Promise<string> {
    const { code } = await this.#control<{ code: string }>('wx/login', { appid: this.appid, user })
    const { appid, secret } = this.#app
    const query = new URLSearchParams({ appid, secret, js_code: code, grant_type: 'authorization_code' })
    return (await readJson<{ openid: string }>(`${this.url}/sns/jscode2session?${query}`)).openid
  }

  /** The person confirms what `wx.requestPayment(parameters)` shows. */
  requestPayment(user: string, parameters: object): Promise<{ errMsg: string; reason?: string }> {
    return this.#control('wx/requestPayment', { ...parameters, appid: this.appid, user, action: 'confirm' })
  }

  /** Moves business time; whatever is due until then is delivered when this resolves. */
  async advance(seconds: number): Promise<void> {
    await this.#control('clock/advance', { seconds })
  }

  /** Plans a fault for the next message about this order that it fits. */
  async fault(name: string, outTradeNo: string): Promise<void> {
    await this.#control('faults', { name, times: 1, match: { out_trade_no: outTradeNo } })
  }

  /** The notification of an order, after waiting for the deliveries under way. */
  async notifyRecord(outTradeNo: string): Promise<NotifyRecord> {
    await this.advance(0)
    const { notifications } = await this.#books(outTradeNo)
    const [notification] = notifications
    if (!notification) throw new Error(`the books have no notification of ${outTradeNo}`)
    const outcomes = notification.deliveries.map(({ outcome }) => outcome)
    return { outcomes, due: notification.due_at !== undefined }
  }

  /** The order's trade_state in WeChat's books; `undefined` when there is no such order. */
  async tradeState(outTradeNo: string): Promise<string | undefined> {
    return (await this.#books(outTradeNo)).orders[0]?.trade_state
  }

  async close(): Promise<void> {
    await this.#simulator.close()
    await this.receiver.close()
    await rm(this.#directory, { recursive: true })
  }

  get #app(): MerchantConfig['apps'][number] {
    const [app] = this.merchant.apps
    if (!app) throw new Error('the merchant has no app')
    return app
  }

  #books(outTradeNo: string): Promise<Books> {
    return readJson(`${this.url}/_sim/books?out_trade_no=${outTradeNo}`)
  }

  #control<T>(path: string, body: object): Promise<T> {
    return readJson(`${this.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) })
  }
}

async function readJson<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
