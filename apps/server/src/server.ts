import { fileURLToPath } from 'node:url'
import type { HttpOptions } from '@fenpay/wechat'
import { readCatalogueFile } from './catalogue-file.ts'
import { sweepOrders } from './commands/sweep-orders.ts'
import type { Config } from './config.ts'
import { checkMerchant, createWeChatGateway } from './gateway/wechat-gateway.ts'
import { createApp } from './http/app.ts'
import type { Logger } from './http/logger.ts'
import { repeat } from './jobs/repeat.ts'
import { masterKeyOf } from './master-key.ts'
import type { World } from './ports.ts'
import { importCatalogue } from './storage/catalogue.ts'
import { connect, isDatabaseUnavailable, type Sql } from './storage/connect.ts'
import { createMerchantDirectory, saveMerchant } from './storage/merchants.ts'
import { migrate, readMigrations } from './storage/migrate.ts'
import { createSealer } from './storage/seal.ts'
import { createNotifyStore, createProfileStore, createStore } from './storage/store.ts'
import { randomFraction } from './world.ts'

export interface ServerParts {
  config: Config
  databaseUrl: string
  world: World
  logger: Logger
  /** How WeChat is called; tests put their own clock or fetch here. */
  http?: HttpOptions
  /** Milliseconds between two sweeps over the open orders; 0 sweeps never, for tests of one step. Default 1000. */
  sweepPauseMs?: number
}

export interface RunningServer {
  /** Where it listens. */
  url: string
  /** Takes no new request, finishes those under way, within ten seconds, and lets go of the database. */
  stop(): Promise<void>
}

const migrationsDirectory = fileURLToPath(new URL('./storage/migrations', import.meta.url))
const demoCatalogue = fileURLToPath(new URL('../catalogue/noodle-shop.json', import.meta.url))
const drainMs = 10_000

/** Wires everything and listens. The database is migrated first; any number of servers may start on it at once. */
export async function startServer({
  config,
  databaseUrl,
  world,
  logger,
  http = {},
  sweepPauseMs = 1_000,
}: ServerParts): Promise<RunningServer> {
  const sql = connect(databaseUrl, { applicationName: 'fenpay', poolSize: 10 })
  const notifySql = connect(databaseUrl, { applicationName: 'fenpay notify', poolSize: 4 })
  const random = () => randomFraction(world)
  try {
    await migrate(sql, await readMigrations(migrationsDirectory))
    const secrets = createSealer(masterKeyOf(config.masterKey, config.dataDir, world.randomBytes), world.randomBytes)
    checkMerchant(config.merchant)
    await saveMerchant(sql, secrets, config.merchant)
    await importConfiguredCatalogue(sql, config, random)

    const merchants = createMerchantDirectory(notifySql, secrets, () => world.now().getTime(), config.merchant)
    const gateway = createWeChatGateway(merchants, {
      clock: () => world.now().getTime(),
      random,
      nonce: () => Buffer.from(world.randomBytes(16)).toString('hex'),
      ...(config.wechatUrl === undefined ? {} : { baseUrls: [config.wechatUrl] }),
      ...http,
    })
    let url = ''
    const store = createStore(sql, { random })
    const app = await createApp({
      store,
      notifyStore: createNotifyStore(notifySql, { random }),
      payment: gateway.payment,
      login: gateway.login,
      merchants,
      profiles: createProfileStore(sql),
      secrets,
      world,
      settings: {
        payApi: async (merchantId) => (await merchants.find(merchantId))?.payApi ?? config.merchant.payApi,
        description: async (merchantId) => (await merchants.find(merchantId))?.name ?? config.merchant.name,
        notifyUrl: (merchantId, payApi) => `${config.publicUrl ?? url}/wechat/notify/${payApi}/${merchantId}`,
      },
      rules: { orderTtlSeconds: config.orderTtlSeconds, openOrdersMax: config.openOrdersMax },
      defaultAppid: config.merchant.apps[0]?.appid ?? '',
      isReady: () => answers(sql),
      isDatabaseUnavailable,
      rateLimitPerMinute: config.rateLimitPerMinute,
      trustProxy: config.trustProxy,
      logger,
    })
    url = await app.listen({ host: config.host, port: config.port })
    const onFailure = ({ orderNumber }: { orderNumber: string }, error: unknown) =>
      logger.error({ err: error, order_number: orderNumber }, 'an open order could not be looked at; it is tried again')
    const sweeping =
      sweepPauseMs === 0
        ? undefined
        : repeat(
            (signal) => sweepOrders({ store, payment: gateway.payment, world, onFailure }, signal),
            sweepPauseMs,
            (error) => logger.error({ err: error }, 'a sweep over the open orders failed; the next one tries again'),
          )
    return {
      url,
      async stop() {
        const forced = setTimeout(() => app.server.closeAllConnections(), drainMs)
        // A connection whose answer went out during the close would else stay open for its keep-alive time.
        const idle = setInterval(() => app.server.closeIdleConnections(), 50)
        await Promise.all([app.close(), sweeping?.stop()])
        clearInterval(idle)
        clearTimeout(forced)
        // No request is under way any more; a connection lost inside a transaction is never given back to its pool.
        await Promise.all([sql.end({ timeout: 1 }), notifySql.end({ timeout: 1 })])
      },
    }
  } catch (error) {
    await Promise.all([sql.end({ timeout: 1 }), notifySql.end({ timeout: 1 })])
    throw error
  }
}

/** A simulated WeChat brings the noodle shop with it, so that there is something to buy. */
async function importConfiguredCatalogue(sql: Sql, config: Config, random: () => number): Promise<void> {
  const file = config.catalogueFile ?? (config.wechatUrl === undefined ? undefined : demoCatalogue)
  if (file === undefined) return
  await importCatalogue(sql, config.merchant.merchantId, await readCatalogueFile(file), { random })
}

async function answers(sql: Sql): Promise<boolean> {
  try {
    await sql`select 1`
    return true
  } catch {
    return false
  }
}
