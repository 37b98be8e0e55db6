import { isDeepStrictEqual } from 'node:util'
import type { Merchant, MerchantKeys, PaidMessage } from '../domain/merchant.ts'
import type { MerchantDirectory, Secrets } from '../ports.ts'
import type { Sql } from './connect.ts'

/** Keys change rarely and are read at every payment; another process's change is seen after this time. */
const keptForMs = 30_000

/** Puts the merchant of the environment into its row, or changes the row to what the environment says now. */
export async function saveMerchant(sql: Sql, secrets: Secrets, merchant: Merchant): Promise<void> {
  const { merchantId } = merchant
  const sealedKeys = secrets.seal(keysContext(merchantId), JSON.stringify(merchant.keys))
  await sql.begin(async (tx) => {
    await tx`
      insert into merchants (merchant_id, name, pay_api, sealed_keys, shipping_management)
      values (${merchantId}, ${merchant.name}, ${merchant.payApi}, ${sealedKeys}, ${merchant.shippingManagement ?? true})
      on conflict (merchant_id) do update
         set name = excluded.name, pay_api = excluded.pay_api, sealed_keys = excluded.sealed_keys,
             shipping_management = excluded.shipping_management, updated_at = now()`
    for (const { appid, secret, push, paidMessage } of merchant.apps) {
      const sealedSecret = secrets.seal(secretContext(merchantId, appid), secret)
      const sealedPush = push && secrets.seal(pushContext(merchantId, appid), JSON.stringify(push))
      await tx`
        insert into apps (merchant_id, appid, sealed_secret, sealed_push, paid_message)
        values (${merchantId}, ${appid}, ${sealedSecret}, ${sealedPush ?? null},
                ${paidMessage === undefined ? null : tx.json({ ...paidMessage })})
        on conflict (merchant_id, appid) do update
           set sealed_secret = excluded.sealed_secret, sealed_push = excluded.sealed_push,
               paid_message = excluded.paid_message`
    }
  })
}

/**
 * Reads merchants and opens their keys, which stay in memory; after 30 seconds they are read again. A merchant that has
 * not changed stays the same object, so that what is kept beside it, as downloaded certificates, is kept on (F35).
 * `configured` is this process's own merchant: its apps are that merchant's, also where another one had them before.
 */
export function createMerchantDirectory(
  sql: Sql,
  secrets: Secrets,
  nowMs: () => number,
  configured: Merchant,
): MerchantDirectory {
  const kept = new Map<string, { merchant: Merchant; readAtMs: number }>()
  async function find(merchantId: string): Promise<Merchant | undefined> {
    const entry = kept.get(merchantId)
    // Older than now, unless the clock was put back since (F71).
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : Math.abs(nowMs() - entry.readAtMs)
    if (entry !== undefined && ageMs < keptForMs) return entry.merchant
    const read = await readMerchant(sql, secrets, merchantId)
    if (read === undefined) return undefined
    const merchant = entry !== undefined && isDeepStrictEqual(read, entry.merchant) ? entry.merchant : read
    kept.set(merchantId, { merchant, readAtMs: nowMs() })
    return merchant
  }
  return {
    find,
    async ofApp(appid) {
      if (configured.apps.some((app) => app.appid === appid)) return find(configured.merchantId)
      const [row] = await sql<{ merchant_id: string }[]>`
        select merchant_id from apps where appid = ${appid} order by created_at desc limit 1`
      return row && find(row.merchant_id)
    },
  }
}

/** A merchant with its keys opened. @throws Error when the master key is not the one they were sealed with */
export async function readMerchant(sql: Sql, secrets: Secrets, merchantId: string): Promise<Merchant | undefined> {
  const [row] = await sql<
    { name: string; pay_api: Merchant['payApi']; sealed_keys: Uint8Array; shipping_management: boolean }[]
  >`
    select name, pay_api, sealed_keys, shipping_management from merchants where merchant_id = ${merchantId}`
  if (row === undefined) return undefined
  const apps = await sql<
    { appid: string; sealed_secret: Uint8Array; sealed_push: Uint8Array | null; paid_message: PaidMessage | null }[]
  >`
    select appid, sealed_secret, sealed_push, paid_message from apps where merchant_id = ${merchantId} order by created_at, appid`
  return {
    merchantId,
    name: row.name,
    payApi: row.pay_api,
    keys: JSON.parse(secrets.open(keysContext(merchantId), row.sealed_keys)) as MerchantKeys,
    shippingManagement: row.shipping_management,
    apps: apps.map(({ appid, sealed_secret, sealed_push, paid_message }) => ({
      appid,
      secret: secrets.open(secretContext(merchantId, appid), sealed_secret),
      ...(sealed_push === null ? {} : { push: JSON.parse(secrets.open(pushContext(merchantId, appid), sealed_push)) }),
      ...(paid_message === null ? {} : { paidMessage: paid_message }),
    })),
  }
}

function keysContext(merchantId: string): string {
  return `keys of merchant ${merchantId}`
}

function secretContext(merchantId: string, appid: string): string {
  return `secret of app ${appid} of merchant ${merchantId}`
}

function pushContext(merchantId: string, appid: string): string {
  return `message push of app ${appid} of merchant ${merchantId}`
}
