/** What the command line says is true, and names the command that goes on from there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flagTodo } from '../../apps/server/src/cli/flag-todo.ts'
import { flagLines } from '../../apps/server/src/cli/flag-view.ts'
import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { raiseFlag } from '../../apps/server/src/commands/raise-flag.ts'
import { type FlagKind, type FlagSubject, flagCatalogue } from '../../apps/server/src/domain/flag.ts'
import type { ReportedFlag } from '../../apps/server/src/storage/report-rows.ts'
import { outboxParts } from '../support/outbox-parts.ts'
import { payLate } from '../support/pay-late.ts'
import { Shopper } from '../support/shop.ts'
import { startTimedShop } from '../support/timed-shop.ts'
import { hireOperator, tells } from './operator.ts'

const shop = await startTimedShop()
const { merchantId } = shop.config.merchant
const parts = outboxParts(shop.sql, shop.world)
const { fenpay, order, checks } = hireOperator(shop)

async function bought(): Promise<{ shopper: Shopper; number: string }> {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.buy()
  assert.equal((await shopper.check(number)).status, 'paid')
  return { shopper, number }
}

/** The open flag of an order, and the one of a refund of it. */
async function openFlag(kind: FlagKind, number: string): Promise<{ flagId: string; subjectId: string }> {
  const [row] = await shop.sql<{ flag_id: string; subject_id: string }[]>`
    select flag_id, subject_id from flags where kind = ${kind} and order_number = ${number} and resolved_at is null`
  assert.ok(row, `no open ${kind}`)
  return { flagId: row.flag_id, subjectId: row.subject_id }
}

test('the flag of an abnormal refund is not settled while the user has no money, and says how it ends (F28)', async () => {
  const { number } = await bought()
  await shop.wechat.fault('refund.abnormal')
  assert.equal((await fenpay('refund', number, '--reason', '面凉了', '--yes')).code, 0)
  await shop.passTime(60)
  const { flagId, subjectId } = await openFlag('refund_abnormal', number)
  const refused = await fenpay('settle-flag', flagId, '--note', 'seen')
  assert.equal(refused.code, 1)
  assert.match(refused.err, new RegExp(`^flag_stands: Refund ${subjectId} is still abnormal; .*`))
  assert.match(refused.err, new RegExp(`fenpay refund-settle ${subjectId} --note <text>\\.`))
  tells((await order(number)).screen, 'WHAT A PERSON MUST DO', 'by refunds without a result yet')
  assert.equal((await fenpay('refund-settle', subjectId, '--note', '付了现金')).code, 0)
  tells((await order(number)).screen, 'No open flag')
  await checks()
})

test('the flag of a refund that waits for funds is not settled, the money is held, and the ledger has nothing in transit (F27)', async () => {
  const { number } = await bought()
  await shop.wechat.fault('refund.not-enough', { seconds: 3600 })
  assert.equal((await fenpay('refund', number, '--amount', '24.80', '--reason', 'x', '--yes')).code, 0)
  await shop.passTime(60)
  const { flagId, subjectId } = await openFlag('refund_waiting_funds', number)
  assert.match(
    (await fenpay('settle-flag', flagId, '--note', 'seen')).err,
    /^flag_stands: .* still waiting for funds; /,
  )
  const early = await fenpay('refund-settle', subjectId, '--note', 'x')
  assert.match(early.err, /^refund_not_abnormal: The refund is waiting for funds, not abnormal\./)
  assert.equal((await order(number)).sum.held, 2480)
  assert.match((await fenpay('ledger')).out, /^refunds_in_transit +¥0\.00$/m)
  await shop.wechat.clearFaults()
  await shop.passTime(2 * 3600)
  assert.equal((await order(number)).sum.back, 2480)
  assert.equal((await fenpay('settle-flag', flagId, '--note', 'seen')).code, 1)
})

test('the flag of an undecided order is not settled before the order is decided', async () => {
  const shopper = await Shopper.arrive(shop)
  const number = await shopper.order()
  await shopper.prepay(number)
  for (const kind of ['order_undecided', 'attempt_not_closed'] as const) {
    const flag = { kind, subjectType: 'order', subjectId: number, orderNumber: number, evidence: {} } as const
    await parts.store.transaction((tx) => raiseFlag(tx, shop.world, merchantId, flag))
    const { flagId } = await openFlag(kind, number)
    assert.match((await fenpay('settle-flag', flagId, '--note', 'x')).err, /^flag_stands: Order /)
  }
  await shop.passTime(40 * 60)
  for (const kind of ['order_undecided', 'attempt_not_closed'] as const) {
    const { flagId } = await openFlag(kind, number)
    assert.equal((await fenpay('settle-flag', flagId, '--note', 'x')).code, 0)
  }
})

test('money in suspense points to its flag while that is open, and to nothing when a person has settled it', async () => {
  const number = await payLate(shop, 'refund.closed')
  await shop.passTime(120)
  const { screen } = await order(number)
  tells(screen, 'put in suspense: late payment', 'What WeChat refused has its code', 'pays no order; see its flag')
  assert.doesNotMatch(screen, /fits no order/)
  const { flagId } = await openFlag('late_payment', number)
  assert.equal((await fenpay('settle-flag', flagId, '--note', '用户要留下')).code, 0)
  tells((await order(number)).screen, 'pays no order; its flag is settled')
})

test('a list that the limit cuts says so, and one that is whole does not', async () => {
  for (const subjectId of ['wx0000000000000001', 'wx0000000000000002']) {
    const kind = 'shipping_management_wanted' as const
    const flag = { kind, subjectType: 'merchant', subjectId, orderNumber: undefined, evidence: {} } as const
    await parts.store.transaction((tx) => raiseFlag(tx, shop.world, merchantId, flag))
  }
  const all = (await fenpay('flags')).out
  const [, total] = /^(\d+) flags$/m.exec(all) ?? []
  const one = (await fenpay('flags', '--limit', '1')).out
  assert.match(one, new RegExp(`^1 of ${total} flags; the others with --limit <n>$`, 'm'))
  assert.match(one, /about mini program wx000000000000000\d$/m)
  for (const name of ['orders', 'payments', 'refunds', 'ledger', 'outbox']) {
    assert.match((await fenpay(name, '--limit', '1')).out, /^The newest 1; there are more: --limit <n>$/m, name)
    assert.doesNotMatch((await fenpay(name)).out, /there are more/, name)
    const [rows] = Object.values(JSON.parse((await fenpay(name, '--limit', '1', '--json')).out)).slice(-1)
    assert.equal((rows as unknown[]).length, 1, name)
  }
})

test('what is paid and not shipped is listed until it is shipped, or given back', async () => {
  const shipped = await bought()
  const back = await bought()
  const toShip = async () => (await fenpay('orders', '--to-ship')).out
  for (const { number } of [shipped, back]) assert.match(await toShip(), new RegExp(number))
  await fenpay('refund', back.number, '--reason', '不要了', '--yes')
  assert.doesNotMatch(await toShip(), new RegExp(back.number))
  const sf = ['ship', shipped.number, '--express', 'SF', '--tracking', 'SF1']
  const bare = await fenpay(...sf)
  assert.match(bare.err, /^invalid_shipment: SF needs the last four digits .*\n.*--phone <last four digits>/)
  assert.equal((await fenpay(...sf, '--phone', '1234')).code, 0)
  assert.doesNotMatch(await toShip(), new RegExp(shipped.number))
  await deliverDueOutbox(parts, new AbortController().signal)
  tells((await order(shipped.number)).screen, 'shipment     express SF SF1; now: known to WeChat')
  const again = await fenpay(...sf, '--phone', '1234')
  assert.match(again.err, /^already_shipped: It was shipped at [0-9-]{10} [0-9:]{8}\.\n/)
})

test('who answered a request is staff, and one piece is one', async () => {
  const { shopper, number } = await bought()
  await shopper.api.askRefund(shopper.token, {
    order_number: number,
    reason: '少了一碗',
    items: [{ sku: 'beef-noodles', quantity: 1 }],
  })
  assert.equal((await fenpay('accept-refund', number, '--by', 'lin')).code, 0)
  tells((await order(number)).screen, 'answer       accepted by lin (staff)')
  const more = await fenpay('refund', number, '--item', 'beef-noodles=2', '--reason', 'x', '--yes')
  assert.match(more.err, /beef-noodles × 2: 1 is left\./)
})

const subjects: Partial<Record<FlagKind, FlagSubject>> = {
  outbox_dead: 'outbox',
  webhook_disabled: 'webhook',
  shipping_due: 'order',
  external_refund: 'payment',
}

/** A flag with all that one of its kind knows. */
function sample(kind: FlagKind): ReportedFlag {
  const subject_type = subjects[kind] ?? (kind.startsWith('refund_') ? 'refund' : 'payment')
  return {
    flag_id: '701J0SH7NYM00HEY5EHA3T7TH3',
    kind,
    subject_type,
    subject_id: subject_type === 'payment' ? '4200835619202611280853660076' : '5VRAQJZV2AJ576K30P3YNGBHQ7',
    order_number: kind === 'unknown_order' ? null : '67JDAPQG69W19B28TJ6X8ZWVZA',
    evidence: { amount_fen: 1880, transaction_id: '4200835619202611280853660076' },
    opened_at: new Date('2026-11-28T22:27:45Z'),
    resolved_at: null,
    resolved_by: null,
    note: null,
  }
}

const command = /fenpay [a-z-]+(?: (?:--[a-z-]+|<\w+>|[0-9A-Z]{20,}|[0-9]+\.[0-9]{2}))*/g
/** What a person has to fill in. */
const toFill: Record<string, string> = { '<text>': 'x', '<company>': 'ZTO', '<number>': '1' }

test('every command that a flag tells is on one line and parses, with each number in it that the flag knows', async () => {
  const told = new Set<string>()
  const kinds = Object.keys(flagCatalogue) as FlagKind[]
  for (const flag of kinds.map(sample)) {
    const lines = flagLines(flag, (_, text) => text)
    const commands = flagTodo(flag).match(command) ?? []
    for (const one of commands)
      assert.ok(
        lines.some((line) => line.includes(one)),
        `${flag.kind}: ${lines.join('\n')}`,
      )
    for (const one of commands) told.add(one)
  }
  assert.ok(told.size > 10)
  const sure = hireOperator(shop, { answer: false })
  for (const one of told) {
    // Which of what was given up is sent again is not the flag's to know.
    if (one === 'fenpay outbox-retry <id>') continue
    const words = one.split(' ').slice(1)
    for (const word of words) assert.ok(!word.startsWith('<') || word in toFill, one)
    const { code, err } = await sure.fenpay(...words.map((word) => toFill[word] ?? word))
    assert.ok(code === 0 || code === 1, `${one}: ${err}`)
  }
})

test('without a server a shipment waits to be told, and nobody says that shipping management is off', async () => {
  const { number } = await bought()
  await shop.server.stop()
  const { code, out } = await fenpay('ship', number, '--city')
  assert.equal(code, 0)
  assert.match(out, /^It is not known to WeChat yet\.\nNo server seems to be at work/m)
})
