import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { assertBooksAgree } from './books.ts'
import { CrashStack, type Victim } from './crash-stack.ts'
import { buy, check, type Item, type Purchase, plannedPurchase, type Shoppers, submit } from './patient-shopper.ts'
import { crashSeed, type SeededRandom, seededRandom } from './seeded-random.ts'

const seed = crashSeed()
const random = seededRandom(seed)
/** The seed replays what is bought and when who is killed, counted in steps; the system's own timing it cannot. */
console.log(`the seed of this run: FENPAY_CRASH_SEED=${seed}`)

const shopperCount = 16
const stepsPerPurchase = 5
const prices = { 'beef-noodles': 3280, 'tomato-egg-noodles': 1880, 'scallion-oil-noodles': 1280, 'wonton-soup': 2380 }

/** 200 in all. In each part everything is killed once, and once one of the three alone. */
const parts = [
  { payApi: 'v3', purchases: 68 },
  { payApi: 'v2-md5', purchases: 66 },
  { payApi: 'v2-hmac-sha256', purchases: 66 },
]
const alone = random.shuffle<Victim>(['server', 'wechat', 'database'])

const dataDir = await mkdtemp(join(tmpdir(), 'fenpay-crash-'))
// As root the database runs under another user, who must be able to pass.
await chmod(dataDir, 0o711)
const stack = await CrashStack.start(dataDir, { FENPAY_PAY_API: 'v3' })
let failed = false
afterEach((context) => {
  failed ||= 'passed' in context && !context.passed
})
after(async () => {
  await stack.stop()
  if (failed) console.error(`a test failed: FENPAY_CRASH_SEED=${seed}, data and logs are kept in ${dataDir}`)
  else await rm(dataDir, { recursive: true, force: true })
})

const bought: Purchase[] = []

for (const [index, { payApi, purchases }] of parts.entries()) {
  test(`F50: ${purchases} purchases over ${payApi}, everything killed in the middle: nothing acknowledged is lost, and the books agree`, async (t) => {
    if (index > 0) {
      await stack.stopServer()
      await stack.startServer({ FENPAY_PAY_API: payApi })
    }
    const stepCount = purchases * stepsPerPurchase
    const rounds = random.shuffle<Victim[]>([
      random.shuffle<Victim>(['server', 'wechat', 'database']),
      [alone[index] ?? 'server'],
    ])
    const killer = new Killer(rounds, stepCount)
    const shoppers: Shoppers = {
      api: stack.api,
      wechat: stack.wechat,
      appid: stack.appid,
      onStep: () => killer.step(),
      failures: new Map(),
    }
    const mine = Array.from({ length: purchases }, (_, number) => plan(random, `${payApi} ${number}`, number))
    bought.push(...mine)
    const queue = [...mine]
    try {
      await Promise.all(
        Array.from({ length: shopperCount }, async () => {
          for (let next = queue.shift(); next !== undefined; next = queue.shift()) await buy(shoppers, next)
        }),
      )
    } finally {
      await killer.settled()
    }
    assert.equal(killer.roundsLeft, 0)
    t.diagnostic(`killed: ${killer.story.join('; ')}`)
    t.diagnostic(`asked again after: ${JSON.stringify(Object.fromEntries(shoppers.failures))}`)
    await Promise.all(bought.map((purchase) => assertPromisesKept(shoppers, purchase)))
    await stack.lookInside(async (sql) => {
      const [durability] = await sql`
        select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`
      assert.deepEqual({ ...durability }, { fsync: 'on', commit: 'on' })
      const [orders] = await sql<{ count: number }[]>`select count(*) from orders`
      assert.equal(orders?.count, bought.length)
      const sold = await sql<{ sku: string; stock_sold: number }[]>`
        select sku, stock_sold from products where stock_sold > 0 order by sku`
      assert.deepEqual(Object.fromEntries(sold.map((row) => [row.sku, row.stock_sold])), soldBySku(bought))
      await assertBooksAgree(sql, stack.wechat)
    })
  })
}

function plan(random: SeededRandom, key: string, number: number): Purchase {
  const skus = random.shuffle(Object.keys(prices)).slice(0, random.integer(1, 2))
  const items = skus.map((sku) => ({ sku, quantity: random.integer(1, 3) }))
  const user = `shopper ${number % (shopperCount * 2)}`
  return plannedPurchase(user, key.replaceAll(' ', '-'), items, random.integer(1, 5) === 1)
}

/** The one check after everything: what the client was told is still so, and the order is paid. */
async function assertPromisesKept(shoppers: Shoppers, purchase: Purchase): Promise<void> {
  const [orderNumber = ''] = purchase.orderNumbers
  const order = await check(shoppers, purchase, orderNumber)
  assert.equal(order.status, 'paid')
  assert.equal(order.total_fen, totalFen(purchase.items))
  await submit(shoppers, purchase)
  assert.deepEqual([...purchase.orderNumbers], [orderNumber], 'one Idempotency-Key gave two orders')
}

function totalFen(items: readonly Item[]): number {
  return items.reduce((sum, { sku, quantity }) => sum + (prices[sku as keyof typeof prices] ?? 0) * quantity, 0)
}

function soldBySku(purchases: readonly Purchase[]): Record<string, number> {
  const sold: Record<string, number> = {}
  for (const { sku, quantity } of purchases.flatMap(({ items }) => items)) sold[sku] = (sold[sku] ?? 0) + quantity
  return Object.fromEntries(Object.entries(sold).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Kills when the purchases have come to a chosen step, one round after the other, and starts again what was killed. */
class Killer {
  readonly story: string[] = []
  readonly #rounds: { at: number; victims: Victim[]; gapsMs: number[] }[]
  #steps = 0
  #running: Promise<void> = Promise.resolve()

  constructor(rounds: Victim[][], stepCount: number) {
    const share = stepCount / rounds.length
    this.#rounds = rounds.map((victims, index) => ({
      at: Math.round(share * index) + random.integer(Math.round(share * 0.2), Math.round(share * 0.7)),
      victims,
      gapsMs: victims.map(() => random.integer(0, 60)),
    }))
  }

  step(): void {
    this.#steps += 1
    const [next] = this.#rounds
    if (next === undefined || this.#steps < next.at) return
    this.#rounds.shift()
    this.#running = this.#running.then(() => this.#play(next.at, next.victims, next.gapsMs))
  }

  get roundsLeft(): number {
    return this.#rounds.length
  }

  /** Waits for the restart that is under way. */
  settled(): Promise<void> {
    return this.#running
  }

  async #play(at: number, victims: Victim[], gapsMs: number[]): Promise<void> {
    for (const [index, victim] of victims.entries()) {
      await delay(gapsMs[index])
      await stack.kill(victim)
    }
    const killedAt = performance.now()
    await stack.restart(victims)
    this.story.push(`${victims.join(', ')} at step ${at}, back after ${Math.round(performance.now() - killedAt)} ms`)
  }
}
