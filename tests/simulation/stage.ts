import { createSecretKey, randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '@fenpay/server'
import { type Post, seededRandom, startSimulator } from '@fenpay/simulator'
import { addWebhook } from '../../apps/server/src/commands/webhooks.ts'
import type { Merchant } from '../../apps/server/src/domain/merchant.ts'
import { webhookEvents } from '../../apps/server/src/domain/webhook.ts'
import type { Secrets } from '../../apps/server/src/ports.ts'
import { grantAppRole } from '../../apps/server/src/storage/app-role.ts'
import { importCatalogue } from '../../apps/server/src/storage/catalogue.ts'
import { connect, type Sql } from '../../apps/server/src/storage/connect.ts'
import { saveMerchant } from '../../apps/server/src/storage/merchants.ts'
import { migrate, readMigrations } from '../../apps/server/src/storage/migrate.ts'
import { createSealer } from '../../apps/server/src/storage/seal.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { startTestCluster } from '../../apps/server/test/database.ts'
import { merchantEnvironment } from '../../scripts/merchant-environment.ts'
import { Wechat } from '../support/shop.ts'
import { assortment } from './assortment.ts'
import { type SecureKeys, secureFetch } from './secure-fetch.ts'

/** Every history begins at this moment. The certificates are made for it. */
export const beginningMs = Date.parse('2026-06-01T02:00:00Z')

const migrations = fileURLToPath(new URL('../../apps/server/src/storage/migrations', import.meta.url))

/** What one history plays on: a database and a simulated WeChat, both as they were left by nobody. */
export interface Ground {
  sql: Sql
  wechat: Wechat
  /** Its https port, and calls to it with the merchant's certificate. */
  secure: { url: string; fetch: typeof fetch }
  leave(): Promise<void>
}

/** Makes grounds quickly: both sides are prepared once and copied for each history. */
export interface Stage {
  merchant: Merchant
  secrets: Secrets
  /** Of the merchant's own system, which hears of everything. */
  webhookSecret: string
  prepare(options: { seed: number; nowMs: () => number; post: Post }): Promise<Ground>
  close(): Promise<void>
}

/** On the server `FENPAY_TEST_DATABASE_URL` names, or on a PostgreSQL of its own. */
export async function openStage(): Promise<Stage> {
  const given = process.env['FENPAY_TEST_DATABASE_URL']
  const cluster = given === undefined ? await startTestCluster() : undefined
  const serverUrl = cluster?.url ?? given ?? ''
  const admin = connect(serverUrl, { applicationName: 'fenpay simulation set-up', poolSize: 1 })
  await admin`set statement_timeout = '60s'`
  const directory = await mkdtemp(join(tmpdir(), 'fenpay-simulation-'))
  const prefix = `simulation_${randomBytes(4).toString('hex')}`
  const template = `${prefix}_template`
  await admin`create database ${admin(template)}`
  const wechatBooks = join(directory, 'template')
  const { merchant, keys } = await prepareWechat(wechatBooks)
  const secrets = createSealer(createSecretKey(randomBytes(32)), randomBytes)
  const { role, webhookSecret } = await prepareDatabase(urlOf(serverUrl, template), merchant, secrets)

  let made = 0
  const copyDatabase = async () => {
    const name = `${prefix}_${++made}`
    await admin.unsafe(`create database ${name} template ${template} strategy file_copy`)
    return name
  }
  // The next one is copied while a history runs.
  let next = copyDatabase()
  const endings: Promise<unknown>[] = []

  return {
    merchant,
    secrets,
    webhookSecret,
    async prepare({ seed, nowMs, post }) {
      const copied = next
      next = copyDatabase()
      const name = await copied
      const dataDir = join(directory, name)
      await mkdir(dataDir)
      await cp(join(wechatBooks, 'books.jsonl'), join(dataDir, 'books.jsonl'))
      const random = seededRandom(`${seed}/wechat`)
      const simulator = await startSimulator({ port: 0, dataDir, clock: nowMs, random, post, delivery: 'on-command' })
      const sql = connect(urlOf(serverUrl, name), { applicationName: 'fenpay simulation', poolSize: 2, ...role })
      const secure = secureFetch(keys)
      return {
        sql,
        wechat: new Wechat(simulator),
        secure: { url: simulator.secureUrl, fetch: secure.fetch },
        async leave() {
          secure.close()
          await Promise.all([simulator.close(), sql.end({ timeout: 1 })])
          const ending = Promise.all([admin.unsafe(`drop database ${name}`), rm(dataDir, { recursive: true })])
          // It is told at the close.
          ending.catch(() => undefined)
          endings.push(ending)
        },
      }
    },
    async close() {
      await Promise.all(endings)
      await admin.unsafe(`drop database ${await next}`)
      await admin`drop database ${admin(template)}`
      await admin.end({ timeout: 5 })
      await cluster?.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.href
}

async function prepareWechat(dataDir: string): Promise<{ merchant: Merchant; keys: SecureKeys }> {
  const simulator = await startSimulator({
    port: 0,
    dataDir,
    clock: () => beginningMs,
    random: seededRandom('merchant'),
    delivery: 'on-command',
  })
  const wechat = new Wechat(simulator)
  const merchant = await wechat.firstMerchant()
  const { merchants, secure } = await wechat.control<{
    merchants: { apps: { subscribe_templates: { template_id: string }[] }[] }[]
    secure: { ca_pem: string }
  }>('/_sim/merchants')
  // Of what is given back in the merchant platform itself we hear at this address (F76).
  const notify_url = `http://127.0.0.1:3000/wechat/notify/v2-md5/${merchant.mchid}`
  await wechat.control(`/_sim/merchants/${merchant.mchid}/refund-settings`, { notify_url })
  await simulator.close()
  const { certificate_pem, private_key_pem } = merchant.certificate
  const environment = {
    ...merchantEnvironment(merchant),
    FENPAY_SUBSCRIBE_TEMPLATE_PAID: merchants[0]?.apps[0]?.subscribe_templates[0]?.template_id,
    FENPAY_SUBSCRIBE_FIELDS_PAID: JSON.stringify({
      character_string1: 'order_number',
      amount2: 'total',
      thing3: 'items',
      time4: 'paid_at',
    }),
  }
  return {
    merchant: readConfig(environment).merchant,
    keys: { caPem: secure.ca_pem, certificatePem: certificate_pem, privateKeyPem: private_key_pem },
  }
}

async function prepareDatabase(
  url: string,
  merchant: Merchant,
  secrets: Secrets,
): Promise<{ role: { role?: string }; webhookSecret: string }> {
  const sql = connect(url, { applicationName: 'fenpay simulation set-up', poolSize: 1 })
  await migrate(sql, await readMigrations(migrations))
  await saveMerchant(sql, secrets, merchant)
  await importCatalogue(sql, merchant.merchantId, assortment, { random: () => 0 })
  const store = createStore(sql, { random: () => 0 })
  const world = { now: () => new Date(beginningMs), randomBytes: seededRandom('webhook') }
  const added = await addWebhook({ store, secrets, world, allowLoopback: true }, merchant.merchantId, {
    url: 'http://127.0.0.1:3999/told',
    events: [...webhookEvents],
  })
  if ('refused' in added) throw new Error(added.refused)
  const role = await grantAppRole(sql)
  await sql.end({ timeout: 1 })
  return { role: role === undefined ? {} : { role }, webhookSecret: added.secret }
}
