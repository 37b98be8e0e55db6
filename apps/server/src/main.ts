/** The server's process: reads the environment, starts, and stops on a signal. The only file that acts on import. */
import { ConfigError, readConfig } from './config.ts'
import { MerchantUnusable } from './gateway/wechat-gateway.ts'
import { createLogger } from './http/logger.ts'
import { startServer } from './server.ts'
import { isDatabaseUnavailable } from './storage/connect.ts'
import { DataDirectoryInUse, EmbeddedPostgresError } from './storage/embedded/embedded-postgres-error.ts'
import { startEmbeddedPostgres } from './storage/embedded/start-embedded-postgres.ts'
import { MigrationError } from './storage/migrate.ts'
import { realWorld } from './world.ts'

/** What to stop, in the order it was started. */
const running: { stop(): Promise<void> }[] = []
let stopping = false

async function start(): Promise<void> {
  const config = readConfig(process.env)
  const logger = createLogger(config.logLevel)
  let databaseUrl = config.databaseUrl
  if (databaseUrl === undefined) {
    const database = await startEmbeddedPostgres({ dataDir: config.dataDir, log: (message) => logger.info(message) })
    running.push(database)
    databaseUrl = database.url
    database.exited.then(() => {
      if (stopping) return
      logger.fatal('the embedded PostgreSQL ended by itself; see postgres.log in the data directory')
      void stop('the database is gone', 1)
    })
  }
  const server = await startServer({ config, databaseUrl, world: realWorld, logger })
  running.push(server)
  logger.info({ url: server.url, wechat: config.wechatUrl ?? 'the real WeChat' }, 'ready')
  if (process.connected) process.send?.({ ready: server.url })
}

/** Stops what runs, the last one first: the server drains before its database goes. A start under way is waited for. */
async function stop(why: string, exitCode: number): Promise<void> {
  if (stopping) return
  stopping = true
  if (exitCode === 0)
    process.stdout.write(`${JSON.stringify({ msg: 'stopping: requests under way are finished', why })}\n`)
  await started.catch(() => undefined)
  for (const part of running.reverse()) await part.stop()
  process.exit(exitCode)
}

process.on('SIGTERM', () => void stop('SIGTERM', 0))
process.on('SIGINT', () => void stop('SIGINT', 0))
// Started by another process of ours, it does not outlive that one.
process.on('disconnect', () => void stop('the parent process is gone', 0))

const started = start()
started.catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`)
  void stop('it could not start', 1)
})

/** What a person can act on is said in plain words; anything else with its stack. */
function explain(error: unknown): string {
  const plain = [ConfigError, MerchantUnusable, DataDirectoryInUse, EmbeddedPostgresError, MigrationError]
  if (plain.some((kind) => error instanceof kind)) return (error as Error).message
  if (isDatabaseUnavailable(error)) return `The database of DATABASE_URL does not answer: ${(error as Error).message}`
  const { code, port, stack, message } = error as { code?: string; port?: number; stack?: string; message?: string }
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program. Choose another one with FENPAY_PORT.`
  return stack ?? message ?? String(error)
}
