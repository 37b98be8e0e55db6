import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type ApiClient, ApiError, createApiClient, type PaymentParameters } from '@fenpay/contract'
import {
  type Config,
  createLogger,
  type RunningServer,
  readConfig,
  realWorld,
  type ServerParts,
  startServer,
  type World,
} from '@fenpay/server'
import { type Simulator, startSimulator } from '@fenpay/simulator'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { testDatabase } from '../../apps/server/test/database.ts'
import { merchantEnvironment, type SecureWechat, type SimulatedMerchant } from '../../scripts/merchant-environment.ts'

/** A whole shop in this process: a simulated WeChat, and a server on a PostgreSQL database of the test file's own. */
export interface Shop {
  wechat: Wechat
  server: RunningServer
  config: Config
  databaseUrl: string
  sql: Sql
  api: ApiClient
  /** What the servers have logged as a warning or worse, one JSON text each. */
  log(): readonly string[]
  /** Another server on the same database. */
  startAnother(options?: { world?: World; env?: NodeJS.ProcessEnv }): Promise<RunningServer>
}

export interface ShopOptions {
  payApi?: 'v3' | 'v2-md5' | 'v2-hmac-sha256'
  world?: World
  env?: NodeJS.ProcessEnv
  /** How WeChat is called: a shorter time limit, for tests in which it does not answer. */
  http?: ServerParts['http']
  /** Where the server finds its database, told where it really is. */
  throughTap?: (databaseUrl: string) => Promise<string>
  /** How often the server looks after open orders by itself; 0, never, unless a test is about that. */
  sweepPauseMs?: number
}

/** Call it at the top of a test file; it is stopped when the file has run. */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  // Registered before the database's own end: servers stop while they still have theirs.
  let stop = async (): Promise<void> => {}
  after(() => stop())
  const database = await testDatabase()
  const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-shop-'))
  const simulator = await startSimulator({ port: 0, host: '127.0.0.1', dataDir: join(dataDir, 'wechat') })
  const wechat = new Wechat(simulator)
  const merchant = await wechat.firstMerchant()
  const logged: string[] = []
  const serverDatabaseUrl = (await options.throughTap?.(database.url)) ?? database.url
  const start = (port: number, { world = realWorld, env = {} }: { world?: World; env?: NodeJS.ProcessEnv }) =>
    startServer({
      config: readConfig({
        ...merchantEnvironment(merchant),
        FENPAY_PAY_API: options.payApi ?? 'v3',
        FENPAY_DATA_DIR: dataDir,
        FENPAY_PORT: String(port),
        FENPAY_WECHAT_URL: simulator.url,
        FENPAY_LOG_LEVEL: 'silent',
        FENPAY_RATE_LIMIT_PER_MINUTE: '100000',
        ...env,
      }),
      databaseUrl: serverDatabaseUrl,
      world,
      // Signatures are checked against the real clock, also when a test puts the shop's own clock forward.
      http: { clock: Date.now, ...options.http },
      sweepPauseMs: options.sweepPauseMs ?? 0,
      logger: createLogger('warn', { write: (line) => void logged.push(line) }),
    })
  const config = readConfig({
    ...merchantEnvironment(merchant),
    FENPAY_PAY_API: options.payApi ?? 'v3',
    ...options.env,
  })
  const server = await start(0, options)
  const others: RunningServer[] = []
  stop = async () => {
    await Promise.all([server, ...others].map((running) => running.stop()))
    await simulator.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  return {
    wechat,
    server,
    config,
    databaseUrl: database.url,
    sql: database.sql,
    api: apiAt(server.url),
    log: () => logged,
    async startAnother(another = {}) {
      const running = await start(0, another)
      others.push(running)
      return running
    },
  }
}

/** The typed client of the contract over fetch. */
export function apiAt(url: string): ApiClient {
  return createApiClient(async ({ method, path, header, data }) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: data === undefined ? header : { 'content-type': 'application/json', ...header },
      body: data === undefined ? null : JSON.stringify(data),
    })
    const text = await response.text()
    return { statusCode: response.status, data: text === '' ? undefined : (JSON.parse(text) as unknown) }
  })
}

export interface BookedOrder {
  mchid: string
  out_trade_no: string
  trade_state: string
  total: number
  openid: string
  notify_url: string
  transaction_id?: string
}

/** The simulated WeChat's controls, and the phone. */
export class Wechat {
  readonly url: string

  constructor(simulator: { url: string } | Simulator) {
    this.url = simulator.url
  }

  async control<Answer>(path: string, data?: unknown, method = data === undefined ? 'GET' : 'POST'): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: data === undefined ? {} : { 'content-type': 'application/json' },
      body: data === undefined ? null : JSON.stringify(data),
    })
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
    const text = await response.text()
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  async firstMerchant(): Promise<SimulatedMerchant> {
    const { merchants, secure } = await this.control<{ merchants: SimulatedMerchant[]; secure: SecureWechat }>(
      '/_sim/merchants',
    )
    const [merchant] = merchants
    if (merchant === undefined) throw new Error('there is no merchant')
    return { ...merchant, secure }
  }

  login(appid: string, user: string, withUserInfo = false) {
    return this.control<{ code: string; encryptedData?: string; iv?: string; rawData?: string; signature?: string }>(
      '/_sim/wx/login',
      { appid, user, with_user_info: withUserInfo },
    )
  }

  requestPayment(appid: string, user: string, pay: PaymentParameters, action: 'confirm' | 'cancel' = 'confirm') {
    return this.control<{ errMsg: string }>('/_sim/wx/requestPayment', { appid, user, ...pay, action })
  }

  fault(name: string, rest: Record<string, unknown> = {}) {
    return this.control('/_sim/faults', { name, ...rest })
  }

  clearFaults() {
    return this.control('/_sim/faults', undefined, 'DELETE')
  }

  advance(seconds: number) {
    return this.control('/_sim/clock/advance', { seconds })
  }

  books() {
    return this.control<{
      orders: BookedOrder[]
      payments: { out_trade_no: string; transaction_id: string; total: number }[]
    }>('/_sim/books')
  }
}

let shoppers = 0

/** A person with a phone, logged in to the shop. */
export class Shopper {
  readonly user: string
  readonly token: string
  readonly #shop: Pick<Shop, 'wechat' | 'config'>
  readonly api: ApiClient

  private constructor(shop: Pick<Shop, 'wechat' | 'config'>, api: ApiClient, user: string, token: string) {
    this.#shop = shop
    this.api = api
    this.user = user
    this.token = token
  }

  static async arrive(shop: Pick<Shop, 'wechat' | 'config' | 'api'>, user = `shopper ${++shoppers}`): Promise<Shopper> {
    const { code } = await shop.wechat.login(appidOf(shop.config), user)
    const { token } = await shop.api.login({ code })
    return new Shopper(shop, shop.api, user, token)
  }

  async order(sku = 'beef-noodles', quantity = 2): Promise<string> {
    return (await this.api.submitOrder(this.token, { items: [{ sku, quantity }] })).order_number
  }

  async prepay(orderNumber: string): Promise<PaymentParameters> {
    return (await this.api.prepayOrder(this.token, orderNumber)).pay
  }

  pay(pay: PaymentParameters, action: 'confirm' | 'cancel' = 'confirm') {
    return this.#shop.wechat.requestPayment(appidOf(this.#shop.config), this.user, pay, action)
  }

  check(orderNumber: string) {
    return this.api.checkOrder(this.token, orderNumber)
  }

  show(orderNumber: string) {
    return this.api.myOrder(this.token, orderNumber)
  }

  /** Orders, prepays and pays; WeChat has the money, the shop may not know yet. */
  async buy(sku?: string, quantity?: number): Promise<string> {
    const orderNumber = await this.order(sku, quantity)
    const { errMsg } = await this.pay(await this.prepay(orderNumber))
    if (errMsg !== 'requestPayment:ok') throw new Error(errMsg)
    return orderNumber
  }
}

export function appidOf(config: Config): string {
  const [app] = config.merchant.apps
  if (app === undefined) throw new Error('no app is configured')
  return app.appid
}

/** Whether a rejection is the API's error with this code; for `assert.rejects`. */
export function refusedWith(code: string): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof ApiError && error.code === code) return true
    throw error
  }
}
