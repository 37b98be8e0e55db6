/** Issue 4, point 2: what an operator sees and does, by the command line, against a real database and WeChat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCli } from '../../apps/server/src/cli/run-cli.ts'
import { endsWell } from '../support/ends-well.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'

const shop = await startTimedShop()

async function fenpay(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await runCli(args, {
    env: { DATABASE_URL: shop.databaseUrl },
    world: shop.world,
    user: 'eve',
    isTerminal: false,
    isColored: false,
    write: (text) => {
      out += text
    },
    complain: (text) => {
      err += text
    },
    confirm: async () => false,
    pause: async () => undefined,
    patienceMs: 0,
  })
  return { code, out, err }
}

/** The sum at the end of the order's screen, read off it, in fen. */
async function sumOf(number: string): Promise<Record<string, number>> {
  const { code, out, err } = await fenpay('order', number)
  assert.equal(code, 0, err + out)
  const sum: Record<string, number> = {}
  for (const [, name = '', yuan = ''] of out.matchAll(
    /^ {2}(paid|given back|in transit|in suspense|left) +¥([0-9.]+)/gm,
  ))
    sum[name] = Number(yuan.replace('.', ''))
  const { paid = 0, left = 0, 'given back': back = 0, 'in transit': transit = 0, 'in suspense': suspense = 0 } = sum
  assert.equal(paid, left + back + transit + suspense)
  assert.match(out, /It holds, and the ledger says the same\./)
  for (const line of out.split('\n')) assert.ok(line.length <= 100, line)
  return sum
}

async function isClean(): Promise<void> {
  const { code, out } = await fenpay('check')
  assert.equal(code, 0, out)
  assert.match(out, /all hold\./)
  await endsWell(shop)
}

async function bought(): Promise<{ shopper: Shopper; number: string }> {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.buy()
  assert.equal((await shopper.check(number)).status, 'paid')
  return { shopper, number }
}

test('a part and the rest are refunded, once more is refused with the reason, and the key makes no second one (F77)', async () => {
  const { number } = await bought()
  const part = ['refund', number, '--amount', '10.00', '--reason', '面凉了', '--key', 'k1', '--yes']
  const first = await fenpay(...part)
  assert.equal(first.code, 0, first.err)
  const again = await fenpay(...part)
  const made = /Refund (\w+) over ¥10\.00/
  assert.equal(made.exec(again.out)?.[1], made.exec(first.out)?.[1])
  assert.match((await fenpay('refund', number, '--reason', '面凉了', '--yes')).err, /^refund_too_soon: /)
  assert.equal((await sumOf(number))['in transit'], 1000)
  await shop.passTime(120)
  assert.deepEqual(await sumOf(number), {
    paid: 6560,
    'given back': 1000,
    'in transit': 0,
    'in suspense': 0,
    left: 5560,
  })
  assert.equal((await fenpay('refund', number, '--reason', '全退', '--yes')).code, 0)
  await shop.passTime(120)
  assert.equal((await sumOf(number))['left'], 0)
  const refused = await fenpay('refund', number, '--amount', '0.01', '--reason', '再退', '--yes')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /^refund_exceeds_payment: .*\n {2}What to do: /)
  await isClean()
})

test('a refund wants both decimals and an answer; an unknown number and a wrong option are told apart', async () => {
  const { number } = await bought()
  assert.equal((await fenpay('refund', number, '--amount', '1000', '--reason', 'x', '--yes')).code, 2)
  assert.equal((await fenpay('refund', number, '--amount', '10.00', '--reason', 'x')).code, 2)
  assert.equal((await fenpay('orders', '--nonsense')).code, 2)
  assert.equal((await fenpay('order', 'NOSUCH')).code, 1)
  assert.equal((await sumOf(number))['given back'], 0)
})

test('an order that expires, and one that is paid without any notification for an hour', async () => {
  const shopper = await Shopper.arrive(shop)
  const expired = await shopper.order()
  await shopper.prepay(expired)
  await shop.wechat.fault('notify.drop', { times: 100 })
  const silent = await shopper.buy()
  await shop.passTime(60 * 60)
  await shop.wechat.clearFaults()
  assert.deepEqual([(await sumOf(expired))['paid'], (await sumOf(silent))['left']], [0, 6560])
  assert.match((await fenpay('order', expired)).out, /closed\n/)
  await isClean()
})

test('every list is readable and is JSON on demand', async () => {
  for (const name of [
    'orders',
    'payments',
    'refunds',
    'flags',
    'refund-requests',
    'webhooks',
    'outbox',
    'ledger',
    'check',
  ])
    for (const args of [[name], [name, '--json']]) {
      const { code, out, err } = await fenpay(...args)
      assert.equal(code, 0, `${args.join(' ')}: ${err}`)
      if (args.length === 2) assert.equal(typeof JSON.parse(out), 'object')
    }
})
