import { fileURLToPath } from 'node:url'
import type { HttpOptions } from '@fenpay/wechat'
import { readCatalogueFile } from './catalogue-file.ts'
import type { Config } from './config.ts'
import { createWebhookPoster } from './gateway/webhook-post.ts'
import { checkMerchant, createWeChatGateway } from './gateway/wechat-gateway.ts'
import { createApp } from './http/app.ts'
import type { Logger } from './http/logger.ts'
import { createMetrics } from './http/metrics.ts'
import { startMoneyJobs } from './jobs/money-jobs.ts'
import { createOutboxRunner } from './jobs/outbox-runner.ts'
import { claimMasterKey, masterKeyOf } from './master-key.ts'
import type { World } from './ports.ts'
import { grantAppRole } from './storage/app-role.ts'
import { importCatalogue } from './storage/catalogue.ts'
import { connect, isDatabaseUnavailable, type Sql } from './storage/connect.ts'
import { createMerchantDirectory, saveMerchant } from './storage/merchants.ts'
import { migrate, readMigrations } from './storage/migrate.ts'
import { createSealer } from './storage/seal.ts'
import { createNotifyStore, createProfileStore, createStore } from './storage/store.ts'
import { watchKeys } from './watch-keys.ts'
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
  for (const warning of config.warnings) logger.warn(warning)
  const role = await prepareDatabase(databaseUrl, logger)
  const sql = connect(databaseUrl, { applicationName: 'fenpay', poolSize: 10, ...role })
  const notifySql = connect(databaseUrl, { applicationName: 'fenpay notify', poolSize: 4, ...role })
  const random = () => randomFraction(world)
  const outbox = createOutboxRunner(databaseUrl, role.role, logger)
  try {
    const masterKey = masterKeyOf(config.masterKey, config.dataDir, world.randomBytes)
    await claimMasterKey(sql, masterKey)
    const secrets = createSealer(masterKey, world.randomBytes)
    checkMerchant(config.merchant)
    await saveMerchant(sql, secrets, config.merchant)
    await importConfiguredCatalogue(sql, config, random)

    const merchants = createMerchantDirectory(notifySql, secrets, () => world.now().getTime(), config.merchant)
    const gateway = createWeChatGateway(
      merchants,
      {
        clock: () => world.now().getTime(),
        random,
        nonce: () => Buffer.from(world.randomBytes(16)).toString('hex'),
        ...(config.wechatUrl === undefined ? {} : { baseUrls: [config.wechatUrl] }),
        ...(config.wechatSecure === undefined
          ? {}
          : { secureBaseUrls: [config.wechatSecure.url], secureCaPem: config.wechatSecure.caPem }),
        ...http,
      },
      watchKeys({ sql: notifySql, world, logger, store: () => store }),
    )
    let url = ''
    const { wake } = outbox
    const store = createStore(sql, { random, wake })
    const metrics = createMetrics()
    const app = await createApp({
      store,
      notifyStore: createNotifyStore(notifySql, { random, wake }),
      payment: gateway.payment,
      login: gateway.login,
      push: gateway.push,
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
      metrics,
      metricsToken: config.metricsToken,
      rateLimitPerMinute: config.rateLimitPerMinute,
      trustProxy: config.trustProxy,
      logger,
    })
    url = await app.listen({ host: config.host, port: config.port })
    const { shipping, messages } = gateway
    const webhooks = createWebhookPoster({
      allowLoopback: config.webhookAllowLoopback,
      clock: () => world.now().getTime(),
    })
    if (sweepPauseMs !== 0) outbox.run({ store, shipping, messages, webhooks, secrets, world }, sweepPauseMs)
    const money =
      sweepPauseMs === 0
        ? undefined
        : startMoneyJobs({
            store,
            payment: gateway.payment,
            world,
            merchantId: config.merchant.merchantId,
            sweepPauseMs,
            onInvariantsChecked: metrics.setInvariantsBroken,
            onError: (what, error, facts) => logger.error({ err: error, ...facts }, what),
          })
    return {
      url,
      async stop() {
        // A connection whose answer went out during the close would else stay open for its keep-alive time.
        const idle = setInterval(() => app.server.closeIdleConnections(), 50)
        await withinDrainTime(Promise.all([app.close(), money?.stop(), outbox.stop()]), () =>
          app.server.closeAllConnections(),
        )
        clearInterval(idle)
        // No request is under way any more; a connection lost inside a transaction is never given back to its pool.
        await Promise.all([sql.end({ timeout: 1 }), notifySql.end({ timeout: 1 })])
      },
    }
  } catch (error) {
    await Promise.all([sql.end({ timeout: 1 }), notifySql.end({ timeout: 1 })])
    throw error
  }
}

/** Work that does not end in time, as a query whose database has gone, holds up no stop. */
async function withinDrainTime(work: Promise<unknown>, onOver: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, drainMs)
  }).then(onOver)
  await Promise.race([work, over])
  clearTimeout(timer)
}

/** Migrates as the owner, and says as which role to work: one that cannot change the history of money (I8). */
async function prepareDatabase(databaseUrl: string, logger: Logger): Promise<{ role?: string }> {
  const owner = connect(databaseUrl, { applicationName: 'fenpay migrations', poolSize: 2 })
  try {
    await migrate(owner, await readMigrations(migrationsDirectory))
    const role = await grantAppRole(owner)
    if (role !== undefined) return { role }
    logger.warn('there is no role fenpay_app to work as; triggers alone guard the ledger. See docs/going-live.md')
    return {}
  } finally {
    await owner.end({ timeout: 1 })
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
