/** WeChat's keys that change, expire or cannot be fetched, our own key refused, and a body that a proxy has rewritten. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { until } from '../../scripts/until.ts'
import { endsWell } from '../support/ends-well.ts'
import { apiAt, Shopper } from '../support/shop.ts'
import { startTimedShop, sweeperOf } from '../support/timed-shop.ts'
import { type SeenMessage, seenMessages } from '../support/wechat-log.ts'

const withoutPublicKey = { FENPAY_WECHATPAY_PUBLIC_KEY_ID: '', FENPAY_WECHATPAY_PUBLIC_KEY: '' }
const shop = await startTimedShop()
const certified = await startTimedShop({ env: withoutPublicKey })
const dayMs = 86_400_000

const verdicts = (of: typeof shop) =>
  of.sql<{ verdict: string; reason: string | null }[]>`
    select verdict, reason from notify_inbox where verdict is not null order by received_at`

async function buyAndWait(of: typeof shop): Promise<void> {
  const shopper = await Shopper.arrive(of)
  const orderNumber = await shopper.buy()
  await until('the notification pays', async () => (await shopper.show(orderNumber)).status === 'paid')
}

/** The serial numbers that WeChat has signed with: its answers to a call, or its notifications. */
async function serials(of: typeof shop, path: string): Promise<Set<string>> {
  const signed = (await seenMessages(of.wechat, path)).map((message) => serialOf(message))
  return new Set(signed.filter((serial) => serial !== undefined))
}

function serialOf({ direction, headers, response_headers }: SeenMessage): string | undefined {
  const signed = Object.entries(direction === 'in' ? response_headers : headers)
  return signed.find(([name]) => name.toLowerCase() === 'wechatpay-serial')?.[1]
}

test('F32: while old and new certificates sign by turns, no message and no answer is refused', async () => {
  await certified.wechat.fault('certificates.rotate', { seconds: 86_400 })
  const answers = () => serials(certified, '/v3/pay/transactions/jsapi')
  const messages = () => serials(certified, '/wechat/notify/')
  // By chance a certificate may not have its turn in seven steps.
  for (let step = 0; step < 7 || (await answers()).size < 2 || (await messages()).size < 2; step++) {
    assert.ok(step < 60, 'both certificates sign')
    await buyAndWait(certified)
  }
  await certified.wechat.clearFaults()
  assert.deepEqual(
    (await verdicts(certified)).filter(({ verdict }) => verdict !== 'applied'),
    [],
  )
  const { calls } = await certified.wechat.control<{ calls: { counts: Record<string, number> }[] }>('/_sim/books')
  assert.deepEqual(
    calls.filter(({ counts }) => counts['jsapi'] !== 1),
    [],
    'each prepay was answered once and believed',
  )
  await endsWell(certified)
})

test('F33: over the ramp from certificates to the public key no message is refused', async () => {
  for (const percent of [1, 5, 10, 20, 50, 100]) {
    await shop.wechat.fault('public-key.ramp', { seconds: 86_400, options: { percent } })
    await buyAndWait(shop)
    await shop.wechat.clearFaults()
  }
  assert.deepEqual(
    (await verdicts(shop)).filter(({ verdict }) => verdict !== 'applied'),
    [],
  )
  const kinds = [...(await serials(shop, '/wechat/notify/'))].map((serial) => serial.startsWith('PUB_KEY_ID_'))
  assert.deepEqual(new Set(kinds), new Set([true, false]), 'both kinds of key have signed')
  await endsWell(shop)
})

for (const state of ['expired', 'not-yet-valid']) {
  test(`F34: a certificate that is ${state} is offered as the newest, and verifies nothing`, async () => {
    const dated = await startTimedShop({ env: withoutPublicKey })
    await dated.wechat.fault('certificates.out-of-date', { seconds: 86_400, options: { state } })
    await buyAndWait(dated)
    const [download] = await seenMessages(dated.wechat, '/v3/certificates')
    const offered = JSON.parse(download?.response_body ?? '') as { data: { serial_no: string }[] }
    const outOfDate = offered.data.at(-1)?.serial_no ?? ''
    const message = (await seenMessages(dated.wechat, '/wechat/notify/')).at(-1)
    assert.ok(message !== undefined)
    // Its key is that of the certificate in use, so that its dates alone speak against the message.
    const told = async (serial: string | undefined) => {
      const headers = { ...message.headers, 'Wechatpay-Serial': serial ?? '' }
      return (await fetch(message.path, { method: 'POST', headers, body: message.body })).status
    }
    assert.deepEqual([await told(outOfDate), await told(serialOf(message))], [401, 204])
    assert.deepEqual(
      (await verdicts(dated)).map(({ verdict, reason }) => reason ?? verdict),
      ['applied', 'key_not_valid_now', 'repeated'],
    )
    await endsWell(dated)
  })
}

test('F33: a message under a public key that is not configured is refused, and its order is found paid all the same', async () => {
  await certified.wechat.fault('public-key.ramp', { seconds: 86_400, options: { percent: 100 } })
  const downloads = async () => (await seenMessages(certified.wechat, '/v3/certificates')).length
  const before = await downloads()
  const shopper = await Shopper.arrive(certified)
  const orderNumber = await shopper.buy()
  await until('it is judged', async () => (await verdicts(certified)).at(-1)?.verdict === 'refused')
  assert.equal((await verdicts(certified)).at(-1)?.reason, 'unknown_serial')
  const { notifications } = await certified.wechat.control<{
    notifications: { deliveries: { status?: number }[] }[]
  }>('/_sim/books')
  assert.equal(notifications.at(-1)?.deliveries[0]?.status, 401)
  await certified.passTime(60)
  // However often WeChat sends it again: no key that is unknown costs more than one download.
  assert.ok((await downloads()) - before <= 1)
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  await certified.wechat.clearFaults()
  await endsWell(certified)
})

test('F35: with the certificates of an earlier start in the database, a start needs no /v3/certificates', async () => {
  await buyAndWait(certified)
  await until(
    'the certificates are kept',
    async () => (await certified.sql`select from platform_certificates`).length === 2,
  )
  await certified.wechat.fault('certificates.down', { seconds: 86_400 })
  const another = await certified.startAnother({ world: certified.world, env: withoutPublicKey })
  const shopper = await Shopper.arrive({ ...certified, api: apiAt(another.url) })
  const orderNumber = await shopper.buy()
  assert.equal((await shopper.check(orderNumber)).status, 'paid')
  await certified.wechat.clearFaults()
  await endsWell(certified)
})

test('F34: ten days before the last certificate expires a flag asks for a person, once', async () => {
  const { merchants } = await certified.wechat.control<{
    merchants: { platform_certificates: { certificate_pem: string }[] }[]
  }>('/_sim/merchants')
  const pems = merchants.flatMap((merchant) => merchant.platform_certificates)
  const lastMs = Math.max(
    ...pems.map(({ certificate_pem }) => Date.parse(new X509Certificate(certificate_pem).validTo)),
  )
  const shopper = await Shopper.arrive(certified)
  const flags = () => certified.sql`select resolved_at from flags where kind = 'platform_key_expiring'`
  const lookAt = async (nowMs: number) => {
    const world = { ...certified.world, now: () => new Date(nowMs) }
    await sweeperOf(certified, world).sweep()
  }
  await shopper.prepay(await shopper.order())
  await certified.sql`update orders set next_check_at = created_at where next_check_at is not null`
  await lookAt(lastMs - 11 * dayMs)
  assert.equal((await flags()).length, 0)
  for (const daysLeft of [9, 8]) {
    await shopper.prepay(await shopper.order())
    await certified.sql`update orders set next_check_at = created_at where next_check_at is not null`
    await lookAt(lastMs - daysLeft * dayMs)
  }
  await until('it is flagged', async () => (await flags()).length > 0)
  assert.deepEqual([...(await flags())], [{ resolved_at: null }])
})

test('F46: a body that a proxy has rewritten is refused as wrongly signed and suspected in the log; the genuine one pays', async () => {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  await shop.wechat.fault('notify.rewritten')
  assert.equal((await shopper.pay(pay)).errMsg, 'requestPayment:ok')
  await until('it is judged', async () => (await verdicts(shop)).at(-1)?.verdict === 'refused')
  assert.equal((await verdicts(shop)).at(-1)?.reason, 'bad_signature')
  assert.ok(shop.log().some((line) => line.includes('"suspected":"body_altered"')))
  assert.equal((await shopper.show(orderNumber)).status, 'pending')
  await shop.passTime(20)
  assert.equal((await shopper.show(orderNumber)).status, 'paid')
  await endsWell(shop)
})
