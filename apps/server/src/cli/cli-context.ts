import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CommandConfig, ConfigError, readCommandConfig } from '../config.ts'
import { canRefundOver } from '../domain/merchant.ts'
import { checkMasterKey, masterKeyOf } from '../master-key.ts'
import type { PaymentGateway, Secrets, Store, World } from '../ports.ts'
import { usableAppRole } from '../storage/app-role.ts'
import { connect, type Sql } from '../storage/connect.ts'
import { findRunningPostgres } from '../storage/embedded/running-postgres.ts'
import { startEmbeddedPostgres } from '../storage/embedded/start-embedded-postgres.ts'
import { readMerchant } from '../storage/merchants.ts'
import { readMigrations } from '../storage/migrate.ts'
import { createReports, type Reports } from '../storage/reports.ts'
import { schemaVersion } from '../storage/schema-version.ts'
import { createSealer } from '../storage/seal.ts'
import { createStore } from '../storage/store.ts'
import { randomFraction } from '../world.ts'
import { CliFailure } from './cli-failure.ts'
import type { CliHost } from './cli-host.ts'

/** What one command works with: the server's own database, and nothing of WeChat. */
export interface CliContext {
  host: CliHost
  world: World
  store: Store
  reports: Reports
  /** What of the gateway needs no call: the server sends what is committed here. */
  payment: Pick<PaymentGateway, 'canRefund'>
  webhookAllowLoopback: boolean
  /** FENPAY_MCHID, or the only merchant there is. @throws CliFailure merchant_unclear, merchant_unknown */
  merchantId(): Promise<string>
  /** @throws CliFailure master_key_missing, ConfigError where the key is not that of the database */
  secrets(): Secrets
}

const migrationsDirectory = fileURLToPath(new URL('../storage/migrations', import.meta.url))

/** Opens the database for one command, and lets go of it afterwards. */
export async function withContext<Result>(
  host: CliHost,
  work: (context: CliContext) => Promise<Result>,
): Promise<Result> {
  const config = readCommandConfig(host.env)
  const database = await openDatabase(config, host)
  try {
    const role = await checkDatabase(database.url)
    const sql = connect(database.url, { applicationName: 'fenpay command', poolSize: 3, ...role })
    try {
      const wrongKey = await wrongMasterKey(sql, config, host)
      // A key that was set is believed to be right; one that only lies in the data directory may not be needed at all.
      if (wrongKey !== undefined && config.masterKey !== undefined) throw wrongKey
      return await work(contextOn(sql, config, host, wrongKey))
    } finally {
      await sql.end({ timeout: 1 })
    }
  } finally {
    await database.stop()
  }
}

async function openDatabase(config: CommandConfig, host: CliHost): Promise<{ url: string; stop(): Promise<void> }> {
  if (config.databaseUrl !== undefined) return { url: config.databaseUrl, stop: async () => undefined }
  const { dataDir } = config
  if (!existsSync(join(dataDir, 'postgres-password')))
    throw new CliFailure(
      'no_database',
      `There is no database in ${dataDir}.`,
      'Run it in the folder where the server runs, or set FENPAY_DATA_DIR or DATABASE_URL as the server has it.',
      2,
    )
  const running = await findRunningPostgres(dataDir)
  if (running !== undefined) return { url: running, stop: async () => undefined }
  host.complain('No server runs on this data directory; its database is started for this command.\n')
  return startEmbeddedPostgres({ dataDir })
}

/** @returns the role to work as, the server's @throws CliFailure when the schema is another one than this program's */
async function checkDatabase(url: string): Promise<{ role?: string }> {
  const owner = connect(url, { applicationName: 'fenpay command', poolSize: 1 })
  try {
    const wanted = (await readMigrations(migrationsDirectory)).length
    const version = await schemaVersion(owner)
    if (version !== wanted)
      throw new CliFailure(
        'schema_differs',
        `The database is at version ${version}, this program works with ${wanted}.`,
        version < wanted
          ? 'Start the server of this version once: it brings the database up to date.'
          : 'Use the program of the version that the server has.',
      )
    const role = await usableAppRole(owner)
    return role === undefined ? {} : { role }
  } finally {
    await owner.end({ timeout: 1 })
  }
}

/** What is wrong with the key that this command would seal with; undefined for a right one, and where there is none. */
async function wrongMasterKey(sql: Sql, config: CommandConfig, host: CliHost): Promise<ConfigError | undefined> {
  if (!hasMasterKey(config)) return undefined
  try {
    await checkMasterKey(sql, masterKeyOf(config.masterKey, config.dataDir, host.world.randomBytes))
    return undefined
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function hasMasterKey({ masterKey, dataDir }: CommandConfig): boolean {
  return masterKey !== undefined || existsSync(join(dataDir, 'master-key'))
}

function contextOn(sql: Sql, config: CommandConfig, host: CliHost, wrongKey: ConfigError | undefined): CliContext {
  const { world } = host
  const reports = createReports(sql)
  const secrets = () => {
    if (wrongKey !== undefined) throw wrongKey
    if (!hasMasterKey(config))
      throw new CliFailure(
        'master_key_missing',
        'The master key of the server is needed to read or seal a secret.',
        'Set FENPAY_MASTER_KEY, or FENPAY_DATA_DIR, as the server has it.',
      )
    return createSealer(masterKeyOf(config.masterKey, config.dataDir, world.randomBytes), world.randomBytes)
  }
  return {
    host,
    world,
    store: createStore(sql, { random: () => randomFraction(world) }),
    reports,
    payment: {
      async canRefund(merchantId, payApi) {
        if (payApi === 'v3') return true
        const merchant = await readMerchant(sql, secrets(), merchantId)
        return merchant !== undefined && canRefundOver(payApi, merchant.keys)
      },
    },
    webhookAllowLoopback: config.webhookAllowLoopback,
    merchantId: () => chooseMerchant(reports, config.merchantId),
    secrets,
  }
}

async function chooseMerchant(reports: Reports, configured: string | undefined): Promise<string> {
  const ids = (await reports.merchants()).map(({ merchant_id }) => merchant_id)
  const known = `The database has ${ids.length === 0 ? 'none' : ids.join(', ')}.`
  if (configured !== undefined) {
    if (ids.includes(configured)) return configured
    throw new CliFailure('merchant_unknown', `There is no merchant ${configured}. ${known}`, 'Set FENPAY_MCHID to one.')
  }
  const [only, ...more] = ids
  if (only !== undefined && more.length === 0) return only
  throw new CliFailure('merchant_unclear', `Which merchant? ${known}`, 'Set FENPAY_MCHID.')
}
