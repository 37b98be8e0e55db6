/** The server's process: reads the environment, starts, and stops on a signal. The only file that acts on import. */
import { ConfigError, readConfig } from './config.ts'
import { createLogger } from './http/logger.ts'
import { startServer } from './server.ts'
import { DataDirectoryInUse } from './storage/embedded/embedded-postgres-error.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './storage/embedded/start-embedded-postgres.ts'
import { realWorld } from './world.ts'

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const logger = createLogger(config.logLevel)
  let database: EmbeddedPostgres | undefined
  if (config.databaseUrl === undefined) {
    database = await startEmbeddedPostgres({ dataDir: config.dataDir, log: (message) => logger.info(message) })
  }
  const databaseUrl = config.databaseUrl ?? database?.url ?? ''
  const server = await startServer({ config, databaseUrl, world: realWorld, logger }).catch(async (error) => {
    await database?.stop()
    throw error
  })

  let stopping = false
  const stop = async (why: string, exitCode: number) => {
    if (stopping) return
    stopping = true
    logger.info({ why }, 'stopping: requests under way are finished')
    await server.stop()
    await database?.stop()
    logger.info('stopped')
    process.exitCode = exitCode
    // Whatever else is still pending has no promise to keep.
    process.exit()
  }
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  process.on('SIGINT', () => void stop('SIGINT', 0))
  // Started by another process of ours, it does not outlive that one.
  process.on('disconnect', () => void stop('the parent process is gone', 0))
  database?.exited.then(() => {
    if (!stopping) logger.fatal('the embedded PostgreSQL ended by itself; see postgres.log in the data directory')
    void stop('the database is gone', 1)
  })
  logger.info({ url: server.url, wechat: config.wechatUrl ?? 'the real WeChat' }, 'ready')
  process.send?.({ ready: server.url })
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
})

/** What a person can act on is said in plain words; anything else with its stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof DataDirectoryInUse) return error.message
  const { code, port, stack, message } = error as { code?: string; port?: number; stack?: string; message?: string }
  if (code === 'EADDRINUSE') return `Port ${port} is taken by another program. Choose another one with FENPAY_PORT.`
  return stack ?? message ?? String(error)
}
