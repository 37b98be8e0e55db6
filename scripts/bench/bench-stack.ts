import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiClient } from '@fenpay/contract'
import { connect, type Sql } from '../../apps/server/src/storage/connect.ts'
import { startEmbeddedPostgres } from '../../apps/server/src/storage/embedded/start-embedded-postgres.ts'
import { apiAt, Wechat } from '../../tests/support/shop.ts'
import { startStack } from '../stack.ts'
import { NotifyRelay } from './notify-relay.ts'

/** Everything as in production, each a process of its own, durable on this machine's disk; gone after `stop`. */
export interface BenchStack {
  serverUrl: string
  api: ApiClient
  wechat: Wechat
  appid: string
  sql: Sql
  notifications: NotifyRelay
  stop(): Promise<void>
}

export async function startBenchStack(): Promise<BenchStack> {
  const undo: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const step of undo.toReversed()) await step()
  }
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-bench-'))
    undo.push(() => rm(dataDir, { recursive: true, force: true }))
    // Started as root, PostgreSQL runs as another user, who has to pass through.
    await chmod(dataDir, 0o711)
    const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'database') })
    undo.push(postgres.stop)
    const notifications = await NotifyRelay.start()
    undo.push(() => notifications.close())
    const stack = await startStack({
      dataDir,
      serverPort: 0,
      wechatPort: 0,
      env: {
        DATABASE_URL: postgres.url,
        FENPAY_PUBLIC_URL: notifications.url,
        FENPAY_LOG_LEVEL: 'warn',
        FENPAY_RATE_LIMIT_PER_MINUTE: '1000000',
        FENPAY_OPEN_ORDERS_MAX: '1000',
      },
    })
    undo.push(stack.stop)
    notifications.serverUrl = stack.serverUrl
    const sql = connect(postgres.url, { applicationName: 'fenpay bench', poolSize: 2 })
    undo.push(() => sql.end({ timeout: 1 }))
    const { serverUrl, appid } = stack
    const wechat = new Wechat({ url: stack.wechatUrl })
    return { serverUrl, api: apiAt(serverUrl), wechat, appid, sql, notifications, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** For longer than any bench. */
export const lasting = { seconds: 3600 }

/** From now on no notification comes, and none that was dropped comes later: it would be a load that is not measured. */
export async function dropNotifications({ wechat }: BenchStack): Promise<void> {
  await wechat.fault('notify.drop', lasting)
}
