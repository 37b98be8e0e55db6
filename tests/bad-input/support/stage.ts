import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { after } from 'node:test'
import type { ApiClient, PaymentParameters } from '@fenpay/contract'
import { type Config, createLogger, readConfig, realWorld, type ServerParts, startServer } from '@fenpay/server'
import type { Sql } from '../../../apps/server/src/storage/connect.ts'
import { merchantEnvironment, type SimulatedMerchant } from '../../../scripts/merchant-environment.ts'
import { apiAt, appidOf, Shopper, startShop, type Wechat } from '../../support/shop.ts'
import { type DatabaseGate, startDatabaseGate } from './database-gate.ts'
import { type Notification, startMailbox } from './mailbox.ts'
import { type Relay, startRelay } from './relay.ts'

/** The server under test with everything around it in the test's hand: WeChat, the database, its clock, its mail. */
export interface Stage {
  url: string
  api: ApiClient
  wechat: Wechat
  relay: Relay
  database: DatabaseGate
  /** Past the gate: looks into the database also while the server cannot. */
  sql: Sql
  config: Config
  /** What the server was configured with. */
  env: NodeJS.ProcessEnv
  merchant: SimulatedMerchant
  appid: string
  /** What must be in no answer. */
  secrets: Set<string>
  shopper(user?: string): Promise<Shopper>
  /** The latest notification that WeChat delivers for this number, shaped by a fault of the simulator. */
  notification(outTradeNo: string, fault?: string, options?: Record<string, unknown>): Promise<Notification>
}

export interface StageOptions extends Partial<Pick<ServerParts, 'world' | 'logger'>> {
  payApi?: 'v3' | 'v2-md5' | 'v2-hmac-sha256'
  env?: NodeJS.ProcessEnv
}

/** WeChat's silence is noticed after so long; the server's own default is five seconds. */
const wechatTimeoutMs = 1_200

/** Call it at the top of a test file; everything is stopped when the file has run. */
export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const { payApi = 'v3', world = realWorld, logger = createLogger('silent') } = options
  const masterKey = randomBytes(32).toString('base64')
  const { wechat, sql, databaseUrl } = await startShop({ payApi, env: { FENPAY_MASTER_KEY: masterKey } })
  const [relay, mailbox, database] = await Promise.all([startRelay(), startMailbox(), startDatabaseGate(databaseUrl)])
  relay.target = wechat.url
  const merchant = await wechat.firstMerchant()
  const env: NodeJS.ProcessEnv = {
    ...merchantEnvironment(merchant),
    FENPAY_PAY_API: payApi,
    FENPAY_DATA_DIR: tmpdir(),
    FENPAY_MASTER_KEY: masterKey,
    FENPAY_PORT: '0',
    FENPAY_PUBLIC_URL: mailbox.url,
    FENPAY_WECHAT_URL: relay.url,
    FENPAY_RATE_LIMIT_PER_MINUTE: '100000',
    FENPAY_OPEN_ORDERS_MAX: '1000',
    ...options.env,
  }
  const config = readConfig(env)
  const http = { timeoutMs: wechatTimeoutMs }
  const server = await startServer({ config, databaseUrl: database.url, world, logger, http, sweepPauseMs: 0 })
  after(async () => {
    await server.stop()
    await Promise.all([relay.close(), mailbox.close(), database.shut()])
  })
  const api = apiAt(server.url)
  const secrets = secretsOf(merchant, databaseUrl, masterKey)
  return {
    url: server.url,
    api,
    wechat,
    relay,
    database,
    sql,
    config,
    env,
    merchant,
    appid: appidOf(config),
    secrets,
    async shopper(user) {
      const shopper = await Shopper.arrive({ wechat, config, api }, user)
      secrets.add(shopper.token)
      return shopper
    },
    async notification(outTradeNo, fault, faultOptions = {}) {
      // The payment's own delivery, which no fault may shape, is over before the fault is planned.
      await wechat.control('/_sim/notify/resend', { out_trade_no: outTradeNo })
      if (fault !== undefined) await wechat.fault(fault, { match: { out_trade_no: outTradeNo }, options: faultOptions })
      await wechat.control('/_sim/notify/resend', { out_trade_no: outTradeNo })
      const latest = mailbox.messages.at(-1)
      if (latest === undefined) throw new Error('WeChat delivered nothing')
      return latest
    },
  }
}

function secretsOf(merchant: SimulatedMerchant, databaseUrl: string, masterKey: string): Set<string> {
  const { password } = new URL(databaseUrl)
  const keyLines = merchant.certificate.private_key_pem.split('\n').filter((line) => line.length > 40)
  const appSecrets = merchant.apps.map(({ secret }) => secret)
  const all = [merchant.api_v2_key, merchant.api_v3_key, masterKey, password, ...keyLines, ...appSecrets]
  return new Set(all.filter((secret) => secret !== ''))
}

/** The number under which WeChat knows the newest attempt of an order. @throws Error when there is none */
export async function outTradeNoOf(stage: Stage, orderNumber: string): Promise<string> {
  const [row] = await stage.sql<{ out_trade_no: string }[]>`
    select out_trade_no from attempts where order_number = ${orderNumber} order by seq desc limit 1`
  if (row === undefined) throw new Error(`order ${orderNumber} has no attempt`)
  return row.out_trade_no
}

/** An order that the user has begun to pay: its number at WeChat, and the parameters of wx.requestPayment. */
export async function begunOrder(
  stage: Stage,
  shopper: Shopper,
): Promise<{ orderNumber: string; outTradeNo: string; pay: PaymentParameters }> {
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  return { orderNumber, pay, outTradeNo: await outTradeNoOf(stage, orderNumber) }
}

/** An order that is paid at WeChat, while the shop knows nothing of it yet. */
export async function paidAtWeChat(stage: Stage, shopper: Shopper) {
  const order = await begunOrder(stage, shopper)
  const { errMsg } = await shopper.pay(order.pay)
  if (errMsg !== 'requestPayment:ok') throw new Error(errMsg)
  return order
}
