/** What docs/reliability.md tells an operator, in both languages, checked against the code. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fen } from '@fenpay/contract'
import { realWorld } from '@fenpay/server'
import { runCli } from '../apps/server/src/cli/run-cli.ts'
import type { Attempt } from '../apps/server/src/domain/attempt.ts'
import { nextCheckAt } from '../apps/server/src/domain/check-schedule.ts'
import { flagCatalogue } from '../apps/server/src/domain/flag.ts'
import { paymentPosting, refundAcceptedPosting, refundSucceededPosting } from '../apps/server/src/domain/ledger.ts'
import { type Order, orderTransitions } from '../apps/server/src/domain/order.ts'
import { nextOutboxStep, type OutboxKind } from '../apps/server/src/domain/outbox.ts'
import {
  judgeRefund,
  type PaymentBalance,
  type RefundStatus,
  refundCorrections,
  refundTransitions,
} from '../apps/server/src/domain/refund.ts'
import { nextRefundCheckAt } from '../apps/server/src/domain/refund-schedule.ts'
import { suspensePolicy } from '../apps/server/src/domain/suspense.ts'
import { webhookEvents } from '../apps/server/src/domain/webhook.ts'
import { createMetrics } from '../apps/server/src/http/metrics.ts'
import { bare, codeBlocks, headings, inlineCode, read, root, rows } from './support/documents.ts'

interface Units {
  s: string
  min: string
  h: string
  every: string
  /** After gaps that differ. */
  afterwards: string
  comma: string
}

const languages = [
  {
    text: read('docs/reliability.md'),
    at: {
      promises: '### What is promised',
      limits: '### A refund',
      ledger: '### Where every fen is: the ledger',
      schedule: '### How often it looks',
      flags: '### Every flag',
      metrics: '### Numbers worth an alarm',
      retention: '### What is kept how long',
    },
    notBuilt: 'not built yet',
    units: { s: ' s', min: ' min', h: ' h', every: 'every ', afterwards: 'then ', comma: ', ' } satisfies Units,
  },
  {
    text: read('docs/reliability.zh-CN.md'),
    at: {
      promises: '### 承诺',
      limits: '### 退款',
      ledger: '### 每一分钱在哪里：账本',
      schedule: '### 多久查一次',
      flags: '### 全部待办标记',
      metrics: '### 值得告警的指标',
      retention: '### 数据保留多久',
    },
    notBuilt: '尚未实现',
    units: { s: ' 秒', min: ' 分钟', h: ' 小时', every: '每 ', afterwards: '之后', comma: '、' } satisfies Units,
  },
]
const [english, chinese] = languages.map(({ text }) => text)

/** Which of the language's tables under a heading has these cells in its first row, as its rows. */
const tableAt = (text: string, heading: string, columns: number) =>
  rows(text, heading).filter((row) => row.length === columns)
const now = new Date('2026-11-28T00:00:00Z')
const secondsTo = (at: Date) => (at.getTime() - now.getTime()) / 1000

test('both languages have the same sections, states, tables and codes', () => {
  assert.ok(english !== undefined && chinese !== undefined)
  const levels = (text: string) => headings(text).map((heading) => heading.indexOf(' '))
  assert.deepEqual(levels(chinese), levels(english))
  const edges = (text: string) =>
    codeBlocks(text, 'mermaid').map((code) => (code ?? '').match(/\S+ --> \w+|state \w+/g) ?? [])
  assert.equal(edges(english).length, 3)
  assert.deepEqual(edges(chinese), edges(english))
  const part1 = (text: string) => text.split('\n## 2. ')[0] ?? ''
  const commands = (text: string) => inlineCode(part1(text)).filter((code) => /^(fenpay|FENPAY|GET) ?/.test(code))
  assert.deepEqual(commands(chinese).sort(), commands(english).sort())
})

test('each promise names tests that carry its id, or says that none proves it', () => {
  const tests = globSync('{packages,apps,tests}/**/*.test.ts', { cwd: root, exclude: ['**/node_modules/**'] })
  const carriers = (id: string) =>
    tests.filter((file) => [...read(file).matchAll(/\btest\(\s*[`'"]([^`'"]*)/g)].some(([, name]) => carries(name, id)))
  const carries = (name: string | undefined, id: string) => new RegExp(`\\b${id}\\b`).test(name ?? '')
  for (const { text, at, notBuilt } of languages) {
    const promises = tableAt(text, at.promises, 4)
    assert.deepEqual(
      promises.map(([id]) => id),
      Array.from({ length: 7 }, (_, index) => `P${index + 1}`),
    )
    for (const [id = '', , , proof = ''] of promises) {
      const named = inlineCode(proof)
      for (const file of named) assert.ok(carriers(id).includes(file), `${file} has no test with ${id}`)
      if (named.length > 0) continue
      assert.equal(proof, notBuilt, id)
      assert.deepEqual(carriers(id), [], `${id} is said to be unproven`)
    }
  }
})

test('the pictures of order and refund have exactly the edges of the code', () => {
  for (const { text } of languages) {
    const [order = '', , refund = ''] = codeBlocks(text, 'mermaid')
    assert.deepEqual(edgesOf(order), edgesOfTable(orderTransitions))
    assert.deepEqual(edgesOf(refund), [...edgesOfTable(refundTransitions), ...edgesOfTable(refundCorrections)].sort())
  }
})

/** `a > b` for each arrow; an arrow from a box of states begins at each state in it. */
function edgesOf(picture: string): string[] {
  const boxes = new Map<string, Set<string>>()
  for (const [, name = '', inside = ''] of picture.matchAll(/state (\w+) \{\n([\s\S]*?)\n {2}\}/g))
    boxes.set(name, new Set([...inside.matchAll(/--> (\w+)/g)].map(([, state = '']) => state)))
  const arrows = [...picture.matchAll(/^ +(\w+) --> (\w+)/gm)].flatMap(([, from = '', to = '']) =>
    [...(boxes.get(from) ?? [from])].map((state) => `${state} > ${to}`),
  )
  return [...new Set(arrows)].sort()
}

function edgesOfTable(table: Record<string, Record<string, unknown>>): string[] {
  const edges = Object.entries(table).flatMap(([from, actions]) =>
    Object.values(actions).flatMap((to) => (typeof to === 'string' && to !== from ? [`${from} > ${to}`] : [])),
  )
  return [...new Set(edges)].sort()
}

test('the picture of a payment has every state of an attempt', () => {
  const migration = read('apps/server/src/storage/migrations/0002-orders.sql')
  const states = [
    ...quotedOf(migration, /create table attempts[\s\S]*?status +text[^(]*\(status in \(([^)]*)\)/),
  ].sort()
  assert.ok(states.length > 5)
  for (const { text } of languages) {
    const [, payment = ''] = codeBlocks(text, 'mermaid')
    const shown = new Set([...payment.matchAll(/--> (\w+)/g)].map(([, state]) => state))
    assert.deepEqual([...shown].filter((state) => state !== 'live').sort(), states)
  }
})

const quotedOf = (sql: string, list: RegExp) =>
  [...(list.exec(sql)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, word = '']) => word)

test('what is in suspense goes back by itself or waits, as the policy says', () => {
  const reasons = Object.entries(suspensePolicy)
  const kinds = (refund: boolean) => reasons.filter(([, policy]) => policy.refund === refund).map(([reason]) => reason)
  for (const { text } of languages) {
    const lists = text.split(/\n(?=- |\n)/)
    const listing = (kind: string) => inlineCode(lists.find((line) => line.includes(`\`${kind}\``)) ?? '')
    assert.deepEqual(listing('late_payment'), kinds(true))
    assert.deepEqual(listing('unknown_order'), kinds(false))
  }
})

test('the limits of refunds are those that a refund is judged by', () => {
  const payment: Partial<PaymentBalance> = { paidFen: fen(100), reservedFen: fen(0), refundCount: 0, successTime: now }
  const judged = (facts: Partial<PaymentBalance>, seconds: number) =>
    judgeRefund({ ...payment, ...facts } as PaymentBalance, 1, new Date(now.getTime() + seconds * 1000))
  for (const { text, at } of languages) {
    const [count = 0, seconds = 0, days = 0] = tableAt(text, at.limits, 3).map(([, value]) =>
      Number.parseInt(value ?? '', 10),
    )
    assert.equal(judged({ refundCount: count - 1 }, 0), undefined)
    assert.equal(judged({ refundCount: count }, 0), 'refund_too_many')
    assert.equal(judged({ lastRefundAt: now }, seconds), undefined)
    assert.equal(judged({ lastRefundAt: now }, seconds - 1), 'refund_too_soon')
    assert.equal(judged({}, days * 86_400), undefined)
    assert.equal(judged({}, days * 86_400 + 1), 'refund_too_late')
  }
})

test('the table of a refund’s answers tells every state that an answer leads to', () => {
  const reached = new Set(Object.values(refundTransitions.intended))
  for (const { text, at } of languages)
    assert.deepEqual(new Set(tableAt(text, at.limits, 4).map(([, state]) => bare(state))), reached)
})

test('the worked example of the ledger is what the code posts', () => {
  const migration = read('apps/server/src/storage/migrations/0007-refunds-ledger-flags.sql')
  const later = read('apps/server/src/storage/migrations/0011-refund-corrections.sql')
  const accounts = quotedOf(migration, /account +text not null check \(account in \(([^)]*)\)/)
  const kinds = quotedOf(later, /ledger_postings_kind_check check\s+\(kind in \(([^)]*)\)/)
  const refund = (outRefundNo: string, amountFen: number) => {
    const facts = { outRefundNo, orderNumber: 'A', amountFen }
    return [refundAcceptedPosting(facts, 'order'), refundSucceededPosting(facts)]
  }
  const paid = paymentPosting({ transactionId: 'T', orderNumber: 'A', amountFen: 3280 }, 'order')
  const balances = new Map<string, number>()
  const posted = [paid, ...refund('R1', 1280), ...refund('R2', 2000)].map(({ kind, entries }) => {
    const [debit, credit] = entries
    for (const { account, amountFen } of entries) balances.set(account, (balances.get(account) ?? 0) + amountFen)
    const shown = ['wechat_receivable', 'revenue', 'refunds', 'refunds_in_transit']
    const after = shown.map((account) => String(balances.get(account) ?? 0))
    return [kind, debit?.account, credit?.account, String(debit?.amountFen), ...after]
  })
  for (const { text, at } of languages) {
    assert.deepEqual(
      tableAt(text, at.ledger, 9).map((row) => row.slice(1).map(bare)),
      posted,
    )
    assert.deepEqual(
      tableAt(text, at.ledger, 2).map(([account]) => bare(account)),
      accounts,
    )
    for (const kind of kinds) assert.ok(text.includes(`\`${kind}\``), kind)
  }
})

/** Seconds from one look at an open order to the next; `expired`: it is to be closed, and may be. */
const orderGap = (expired: boolean) => (count: number) => {
  const hour = 3_600_000
  const order = { status: 'pending', expiresAt: new Date(now.getTime() + (expired ? -hour : hour)) } as Order
  const attempt = { createdAt: new Date(now.getTime() - hour), lastCallAt: undefined } as Attempt
  return secondsTo(nextCheckAt(order, attempt, count, now))
}
const refundGap = (status: RefundStatus) => (count: number) => secondsTo(nextRefundCheckAt(status, count, now) ?? now)
const outboxGap = (kind: OutboxKind) => (count: number) => {
  const step = nextOutboxStep({ kind, attempts: count + 1, wasInFlight: false }, { outcome: 'later', error: '' }, now)
  return step.status === 'pending' ? secondsTo(step.nextAt) : undefined
}

/** The gaps as a cell, and after how long an item is given up. */
function scheduleOf(
  gap: (count: number) => number | undefined,
  { s, min, h, every, afterwards, comma }: Units,
): [string, string] {
  const spoken = (seconds: number) =>
    seconds % 3600 === 0 ? `${seconds / 3600}${h}` : seconds % 60 === 0 ? `${seconds / 60}${min}` : `${seconds}${s}`
  const gaps = Array.from({ length: 40 }, (_, count) => gap(count)).filter((seconds) => seconds !== undefined)
  if (gaps.length < 40) {
    const total = gaps.reduce((sum, seconds) => sum + seconds, 0)
    const end = total < 7200 ? `${Math.round(total / 60)}${min}` : `${Math.round(total / 3600)}${h}`
    return [gaps.map(spoken).join(comma), end]
  }
  const last = gaps.at(-1) ?? 0
  const differing = gaps.slice(0, gaps.indexOf(last)).map(spoken)
  const lasting = `${differing.length > 0 ? afterwards : ''}${every}${spoken(last)}`
  return [[...differing, lasting].join(comma), '–']
}

test('the table of looks and tries has the gaps of the code', () => {
  const gaps = [
    orderGap(false),
    orderGap(true),
    ...(['intended', 'unknown', 'processing', 'waiting_funds', 'abnormal'] as const).map(refundGap),
    ...(['upload_shipping', 'paid_message', 'shipping_deadline', 'webhook'] as const).map(outboxGap),
  ]
  for (const { text, at, units } of languages)
    assert.deepEqual(
      tableAt(text, at.schedule, 3).map((row) => row.slice(1)),
      gaps.map((gap) => scheduleOf(gap, units)),
    )
})

test('every flag is told in both languages: what it means, and what a person does', () => {
  const [first, second] = languages.map(({ text, at }) => tableAt(text, at.flags, 4))
  assert.deepEqual(
    first?.map((row) => row.slice(0, 3).map(bare)),
    Object.entries(flagCatalogue).map(([kind, { what, todo }]) => [kind, what, todo]),
  )
  const codes = (row: string[]) => [bare(row[0]), ...inlineCode(row[2] ?? '').sort(), notesOf(row[3])]
  const notesOf = (cell = '') => (/[¹²³]/.exec(cell)?.[0] ?? '') + (/^(you|由人)/.test(cell) ? 'you' : '')
  assert.deepEqual(second?.map(codes), first?.map(codes))
  assert.ok(second?.every(([, what = '', todo = '']) => /\p{Script=Han}/u.test(what) && /\p{Script=Han}/u.test(todo)))
})

test('the metrics of the page are those that the server tells, with their labels', async () => {
  const item = { kind: 'webhook', pending: 1, dead: 1, oldestDueSeconds: 1 }
  const told = await createMetrics().text({
    oldestUndecidedSeconds: 1,
    unknownOperations: 1,
    openFlags: [{ kind: 'late_payment', count: 1 }],
    outbox: [item],
    refusedNotifies: [{ reason: 'signature', count: 1 }],
    payments: [{ source: 'query', count: 1, secondsMedian: 1, secondsMax: 1 }],
  })
  const metrics = new Map<string, Set<string>>()
  for (const [, name = '', labels = ''] of told.matchAll(/^(fenpay_\w+)(?:\{([^}]*)\})? /gm)) {
    const known = metrics.get(name) ?? new Set()
    metrics.set(name, known)
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label)
  }
  assert.ok(metrics.size > 8)
  for (const { text, at } of languages) {
    const page = tableAt(text, at.metrics, 4).map(([name, labels]) => [bare(name), inlineCode(labels ?? '').sort()])
    assert.deepEqual(page.sort(), [...metrics].map(([name, labels]) => [name, [...labels].sort()]).sort())
  }
})

test('every command of the page is one of the command line, with its options', async () => {
  const help = async (...args: string[]) => {
    let written = ''
    const write = (text: string) => {
      written += text
    }
    const host = { env: {}, world: realWorld, user: 'eve', isTerminal: false, isColored: false, patienceMs: 0 }
    const silent = { write, complain: write, confirm: async () => false, pause: async () => undefined }
    await runCli([...args, '--help'], { ...host, ...silent })
    return written
  }
  const names = [...(await help()).matchAll(/^ {2}([a-z][a-z-]+)/gm)].map(([, name]) => name)
  const used = languages.flatMap(({ text }) => inlineCode(text).filter((code) => /^fenpay [a-z]/.test(code)))
  assert.ok(used.length > 30)
  for (const code of new Set(used)) {
    const [, name = '', rest = ''] = /^fenpay ([a-z-]+)(.*)$/.exec(code) ?? []
    assert.ok(names.includes(name), code)
    const told = await help(name)
    for (const [word] of rest.matchAll(/--[a-z]+|<\w+>/g))
      assert.ok(word === '<text>' || told.includes(word), `${code}: ${word}`)
  }
})

test('every event that a webhook can ask for is on the page', () => {
  for (const { text } of languages) for (const event of webhookEvents) assert.ok(text.includes(`\`${event}\``), event)
})

/** A constant of the code, and how the page says it in each language. */
const constants: [file: string, name: string, said: [(value: number) => string, (value: number) => string]][] = [
  [
    'config.ts',
    "'FENPAY_ORDER_TTL_SECONDS', ",
    [(s) => `paid for ${s / 60} minutes`, (s) => `${s / 60} 分钟内可以支付`],
  ],
  ['domain/attempt.ts', 'closeAgeSeconds = ', [(s) => `wants ${s / 60} minutes`, (s) => `至少间隔 ${s / 60} 分钟`]],
  [
    'domain/shipment.ts',
    'shippingDueSeconds = ',
    [(s) => `after ${s / 3600} hours is flagged`, (s) => `${s / 3600} 小时仍未发货`],
  ],
  [
    'domain/webhook.ts',
    'failingSecondsMax = ',
    [(s) => `took nothing for ${s / 86_400} days`, (s) => `连续 ${s / 86_400} 天`],
  ],
  ['gateway/circuit.ts', 'refusalsToOpen = ', [(n) => `After ${n} refusals in a row`, (n) => `连续 ${n} 次被拒`]],
  ['gateway/circuit.ts', 'firstPauseMs = ', [(ms) => `one every ${ms / 1000} to`, (ms) => `每 ${ms / 1000} 至`]],
  ['gateway/circuit.ts', 'longestPauseMs = ', [(ms) => `to ${ms / 1000} seconds`, (ms) => `至 ${ms / 1000} 秒`]],
  [
    'jobs/money-jobs.ts',
    'overduePauseMs = ',
    [(ms) => `overdue facts every ${ms / 1000} s`, (ms) => `超期事项每 ${ms / 1000} 秒`],
  ],
  [
    'jobs/money-jobs.ts',
    'untoldPauseMs = ',
    [(ms) => `asked for again every ${ms / 60_000} min`, (ms) => `每 ${ms / 60_000} 分钟再查询`],
  ],
  [
    'jobs/money-jobs.ts',
    'invariantsPauseMs = ',
    [(ms) => `invariants every ${ms / 60_000} min`, (ms) => `不变量每 ${ms / 60_000} 分钟`],
  ],
  [
    'jobs/money-jobs.ts',
    'retentionPauseMs = ',
    [(ms) => `old rows every ${ms / 60_000} min`, (ms) => `过期数据每 ${ms / 60_000} 分钟`],
  ],
  ['storage/retention.ts', 'refusedMessageDays = ', [(days) => `| ${days} days |`, (days) => `| ${days} 天 |`]],
  ['storage/retention.ts', 'idempotencyDays = ', [(days) => `| ${days} days |`, (days) => `| ${days} 天 |`]],
  ['storage/retention.ts', 'sessionDays = ', [(days) => `| ${days} days after`, (days) => `结束后 ${days} 天`]],
]

test('times that the page tells in its sentences are those of the code', () => {
  for (const [file, name, said] of constants) {
    const source = read(join('apps/server/src', file))
    const [, product = ''] = new RegExp(`${name}([\\d_ *]+)`).exec(source) ?? []
    const value = product.split('*').reduce((sum, factor) => sum * Number(factor.replaceAll('_', '')), 1)
    assert.ok(product.trim() !== '' && Number.isFinite(value), `${file} has no ${name}`)
    for (const [index, say] of said.entries()) {
      const { text = '' } = languages[index] ?? {}
      assert.ok(text.replaceAll('\n', ' ').includes(say(value)), `${file}: ${say(value)}`)
    }
  }
})

test('every retention that the page names is kept by the database that way', () => {
  const source = read('apps/server/src/storage/retention.ts')
  const limited = [...source.matchAll(/delete from (\w+)/g)].length
  for (const { text, at } of languages) {
    const ends = tableAt(text, at.retention, 2).filter(([, kept]) => /\d/.test(kept ?? ''))
    assert.equal(ends.length, limited)
  }
})
