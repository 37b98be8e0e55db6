/** docs/command-line.md: its examples, run one after the other on a shop of their own, print what it shows. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fen } from '@fenpay/contract'
import { runCli } from '../../apps/server/src/cli/run-cli.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { until } from '../../scripts/until.ts'
import { appidOf, Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'
import { startReceiver } from '../support/webhook-receiver.ts'
import { hireOperator } from './operator.ts'

const env = { FENPAY_WEBHOOK_ALLOW_LOOPBACK: 'yes', FENPAY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
const page = (name: string) => readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

interface Example {
  args: string[]
  /** What the page shows; a line `…` stands for some that are left out. */
  shown: string
}

/** What stands after each `$ fenpay`, in the page's order. */
function examplesOf(text: string): Example[] {
  const blocks = [...text.matchAll(/^```\n(\$ fenpay [\s\S]*?)^```$/gm)].map(([, block = '']) => block)
  return blocks
    .flatMap((block) => block.split(/^\$ fenpay /m).slice(1))
    .map((example) => {
      const end = example.indexOf('\n')
      return { args: wordsOf(example.slice(0, end)), shown: example.slice(end + 1) }
    })
}

function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

/** Numbers that are drawn, and times: no two runs have the same. */
const drawn = /\b[0-9A-HJKMNP-TV-Z]{26}\b|\b[0-9]{26,32}\b|whsec_\S+|\bo[\w-]{27}(?![\w-])|127\.0\.0\.1:[0-9]{5}/g
const times = /[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}|^[0-9]{4}-[0-9]{2}-[0-9]{2}$|^[0-9]{2}:[0-9]{2}:[0-9]{2}/gm

/** The text with a name for each kind of what is drawn; what took time is a number of its own. */
function normal(text: string): string {
  return text
    .replace(times, '<time>')
    .replace(drawn, (value) => `<${value.length}>`)
    .replace(/[0-9]+(?= invariants checked)/, '<count>')
    .replace(/ +(?:ms|[0-9]+)(?= {2}(?:webhook|<26>))/g, ' <ms>')
}

/** Whether `printed` is what is shown, line by line, with something left out at each `…`. */
function fits(printed: string, shown: string): boolean {
  const pattern = normal(shown)
    .split('\n')
    .map((line) => (line === '…' ? '(?:.*\\n)*?.*' : line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('\\n')
  return new RegExp(`^${pattern}$`).test(normal(printed))
}

const shop = await startTimedShop({ env, sweepPauseMs: 100 })
const { fenpay } = hireOperator(shop, { env, patienceMs: 8_000 })
const receiver = await startReceiver()

/** What the page calls it, and what it is in this run. */
const names = new Map<string, string>()
const [pagesReceiver = ''] = /127\.0\.0\.1:[0-9]{5}/.exec(page('command-line.md')) ?? []
const [, pagesFailedRefund = ''] = /refund-correct (\w{26})/.exec(page('command-line.md')) ?? []
names.set(pagesReceiver, new URL(receiver.url).host)

function learn(printed: string, shown: string): void {
  const here = printed.match(drawn) ?? []
  for (const [index, name] of (shown.match(drawn) ?? []).entries()) {
    const value = here[index]
    if (value !== undefined && !names.has(name)) names.set(name, value)
  }
}

const inThisRun = (word: string) => word.replace(drawn, (name) => names.get(name) ?? name)

test('the examples of docs/command-line.md print what the page shows', async () => {
  const story = await beginStory()
  for (const { args, shown } of examplesOf(page('command-line.md'))) {
    await story.before(args)
    const { out, err } = await fenpay(...args.map(inThisRun))
    const printed = out + err
    assert.ok(fits(printed, shown), `fenpay ${args.join(' ')} prints\n${printed}\nand the page shows\n${shown}`)
    learn(printed, shown)
  }
})

test('both languages show every command there is, with the same examples', async () => {
  let help = ''
  const write = (text: string) => {
    help += text
  }
  await runCli(['--help'], { ...silentHost, write })
  const commands = [...help.matchAll(/^ {2}([a-z-]+) .*(?:\[options\]|<|\S)/gm)].map(([, name]) => name)
  const known = commands.filter((name) => name !== 'help' && !name?.startsWith('-'))
  assert.ok(known.length > 20)
  const english = examplesOf(page('command-line.md'))
  assert.deepEqual([...new Set(english.map(({ args }) => args[0]))].sort(), known.sort())
  assert.deepEqual(examplesOf(page('command-line.zh-CN.md')), english)
  for (const name of ['command-line.md', 'command-line.zh-CN.md'])
    assert.ok(page(name).split('\n').length < 200, `${name} is too long`)
})

const silentHost = {
  env: {},
  world: shop.world,
  user: 'eve',
  isTerminal: false,
  isColored: false,
  write: () => undefined,
  complain: () => undefined,
  confirm: async () => false,
  pause: async () => undefined,
  patienceMs: 0,
}

/** A purchase that its notification has told of. */
async function bought(shopper: Shopper, quantity = 2): Promise<string> {
  const number = await shopper.buy('beef-noodles', quantity)
  await until('it is paid', async () => (await shopper.show(number)).status === 'paid')
  return number
}

type Step = () => Promise<unknown>

/** What happens in the shop before the first example of a command. */
async function beginStory(): Promise<{ before(args: string[]): Promise<void> }> {
  const shopper = await Shopper.arrive(shop)
  const number = await bought(shopper)
  const asks = (reason: string, rest: { items?: { sku: string; quantity: number }[] } = {}) =>
    shopper.api.askRefund(shopper.token, { order_number: number, reason, ...rest })
  const steps: Record<string, Step> = {
    order: () => shop.skip(5),
    'refund-requests': async () => {
      await shop.skip(120)
      await asks('少了一碗', { items: [{ sku: 'beef-noodles', quantity: 1 }] })
    },
    'decline-refund': () => asks('不想要了'),
    refunds: async () => {
      await shop.skip(120)
      await shop.wechat.fault('refund.abnormal')
      await fenpay('refund', number, '--amount', '5.00', '--reason', '送错了', '--yes')
      await shop.skip(5)
      await until('it is abnormal', async () => (await fenpay('refunds')).out.includes('abnormal'))
    },
    'refund-correct': async () => {
      await shop.skip(120)
      await shop.wechat.fault('refund.refused-but-made')
      const { out } = await fenpay('refund', number, '--amount', '4.00', '--reason', '少了饮料', '--yes')
      await shop.skip(5)
      names.set(pagesFailedRefund, /[0-9A-Z]{26}(?= over)/.exec(out)?.[0] ?? '')
    },
    flags: async () => {
      await strangerPays(shopper, 'OTHERSYSTEM0001', 880)
      await strangerPays(shopper, 'OTHERSYSTEM0002', 1200)
    },
    flag: async () => {
      await shop.skip(20)
      await until('the user has it', async () => (await fenpay('refunds', '--open')).out.startsWith('No refund'))
    },
    'webhook-deliveries': async () => {
      receiver.answer = { status: 500 }
      await bought(shopper, 1)
      await until('it was tried', async () => !(await fenpay('webhook-deliveries')).out.startsWith('No try'))
    },
    'webhook-resend': async () => {
      receiver.answer = { status: 204 }
      await shop.skip(10)
      await until('it arrived', async () => /webhook order\.paid +done/.test((await fenpay('outbox')).out))
    },
    outbox: async () => {
      receiver.answer = { status: 410 }
      await bought(shopper, 1)
      await until('it is given up', async () => !(await fenpay('outbox', '--dead')).out.startsWith('Nothing'))
    },
  }
  return {
    async before([name = '']) {
      const step = steps[name]
      delete steps[name]
      await step?.()
    },
  }
}

/** Somebody pays for something that another system of the merchant sells, under a number that is none of ours. */
async function strangerPays({ user }: Shopper, outTradeNo: string, amountFen: number): Promise<void> {
  const { merchant } = shop.config
  const calls = {
    clock: Date.now,
    baseUrls: [shop.wechat.url],
    random: Math.random,
    nonce: () => randomBytes(16).toString('hex'),
  }
  const { payment } = createWeChatGateway({ find: async () => merchant, ofApp: async () => merchant }, calls)
  const [like] = await shop.sql<{ openid: string; notify_url: string }[]>`
    select openid, notify_url from attempts order by created_at limit 1`
  assert.ok(like)
  const attempt = {
    merchantId: merchant.merchantId,
    outTradeNo,
    orderNumber: '',
    seq: 1,
    payApi: 'v3' as const,
    status: 'intended' as const,
    appid: appidOf(shop.config),
    openid: like.openid,
    totalFen: fen(amountFen),
    description: '豆浆',
    notifyUrl: like.notify_url,
    clientIp: '127.0.0.1',
    timeExpire: new Date(shop.world.now().getTime() + 600_000),
    prepayId: undefined,
    prepayExpiresAt: undefined,
    createdAt: shop.world.now(),
    calls: 0,
    lastCallAt: undefined,
  }
  const prepaid = await payment.prepay(attempt)
  assert.ok(prepaid.outcome === 'prepaid')
  const pay = await payment.paymentParameters(attempt, prepaid.prepayId)
  await shop.wechat.requestPayment(attempt.appid, user, pay)
  await until('it is flagged', async () => (await fenpay('flags')).out.includes(outTradeNo))
}
