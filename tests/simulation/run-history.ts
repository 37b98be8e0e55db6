import { deliverDueOutbox } from '../../apps/server/src/commands/deliver-outbox.ts'
import { sweepOrders } from '../../apps/server/src/commands/sweep-orders.ts'
import { sweepRefunds } from '../../apps/server/src/commands/sweep-refunds.ts'
import { watchOverdue } from '../../apps/server/src/commands/watch-money.ts'
import { History } from './history.ts'
import { Operator } from './operator.ts'
import { judge } from './oracle.ts'
import { type Plan, planOf } from './plan.ts'
import { unkeptPromises } from './promises.ts'
import { ReferenceModel } from './reference-model.ts'
import type { Mutant, ServerProcess } from './server-process.ts'
import { type Action, Shoppers } from './shoppers.ts'
import type { Stage } from './stage.ts'
import type { WechatBooks, WechatNotification } from './wechat-books.ts'

export interface Outcome {
  plan: Plan
  /** Everything that happened and the state at the end, the same for the same seed. */
  timeLine: string[]
  /** What is wrong; nothing, if all is well. */
  wrong: string[]
  /** How often each kind of action, fault and end came. */
  counts: ReadonlyMap<string, number>
}

/** What is not as the seed says: a broken product, and other likelihoods of what goes wrong. */
export interface Changes {
  mutant?: Mutant
  faults?: Partial<Plan['faults']>
}

const healSeconds = 2 * 60 * 60

/** Plays the history of one seed, lets the world heal, and judges what came of it. */
export async function runHistory(stage: Stage, seed: number, { mutant, faults }: Changes = {}): Promise<Outcome> {
  const planned = planOf(seed)
  const plan = { ...planned, faults: { ...planned.faults, ...faults } }
  const history = new History(stage, plan, mutant)
  await history.begin()
  try {
    const model = new ReferenceModel()
    const { sql } = history.ground
    await sql`update products set stock_total = ${plan.scarceStock} where sku = 'scarce'`
    const shoppers = new Shoppers(history, model)
    await shoppers.arrive()
    history.network.faults = plan.faults
    const operator = new Operator(history, shoppers, model)
    await live(history, shoppers, operator)
    history.heal()
    const unkept = await heal(history, model, operator)
    return outcomeOf(history, [...unkept, ...(await judge(history, model))])
  } catch (error) {
    history.trouble('the simulation itself', error)
    return outcomeOf(history, history.troubles)
  } finally {
    await history.end()
  }
}

function outcomeOf({ plan, timeLine }: History, wrong: readonly string[]): Outcome {
  const shortened = wrong.map((line) => timeLine.shorten(line))
  return { plan, timeLine: timeLine.lines, wrong: shortened, counts: timeLine.counts }
}

/** One choice after another, until as much has happened as was planned. */
async function live(history: History, shoppers: Shoppers, operator: Operator): Promise<void> {
  const { plan, dice, scheduler } = history
  for (let begun = 0; begun < plan.actions; ) {
    const isWaiting = scheduler.waiting.length > 0
    const choice = dice.weigh([
      [isWaiting ? 6 : 0, 'step'],
      [history.underWay < plan.parallel ? 2 : 0, 'begin'],
      [isWaiting ? 0.2 : 1, 'pass'],
    ])
    if (choice === 'step') await history.step()
    else if (choice === 'pass') await pass(history)
    else {
      begun++
      dice.weigh([...shoppers.actions(), ...operator.actions(), ...jobs(history)])()
      await scheduler.settle()
    }
    if (dice.happens(history.network.faults.crash)) await history.crash()
    if (dice.happens(history.network.faults.clock)) history.jump()
    if (dice.happens(history.network.faults.outage)) history.network.fail(dice.integer(5, 60))
  }
}

/** What happens without anybody's doing. */
function jobs(history: History): Action[] {
  const deliveries = history.plan.sweepOnly ? 0 : 1
  return [
    [3, () => sweep(history, history.somebody())],
    [2, () => sweepTheRefunds(history, history.somebody())],
    [2, () => deliverOutbox(history, history.somebody())],
    [0.3, () => lookForOverdue(history)],
    [3 * deliveries, () => history.act('a notification is due', () => deliverOne(history))],
    [0.5 * deliveries, () => history.act('an old message comes again', () => history.network.replay())],
  ]
}

async function pass(history: History): Promise<void> {
  const { plan, dice } = history
  const [least, most] = dice.weigh<readonly [number, number]>([
    [6, [1, 15]],
    [2, [20, 90]],
    [3, [120, 400]],
    [0.5, [plan.orderTtlSeconds, plan.orderTtlSeconds + 60]],
  ])
  const seconds = history.underWay > 0 ? dice.integer(1, 8) : dice.integer(least, most)
  history.timeLine.tell(`${seconds} s pass`)
  await history.pass(seconds)
}

function sweep(history: History, process: ServerProcess): void {
  const onFailure = (order: { orderNumber: string }, error: unknown) => failed(history, order.orderNumber, error)
  history.call(process, {
    name: 'sweeps',
    work: ({ ports }) => sweepOrders({ ...ports, onFailure }, new AbortController().signal),
  })
}

function sweepTheRefunds(history: History, process: ServerProcess): void {
  const onFailure = (refund: { outRefundNo: string }, error: unknown) => failed(history, refund.outRefundNo, error)
  history.call(process, {
    name: 'sweeps the refunds',
    work: ({ ports }) => sweepRefunds({ ...ports, onFailure }, new AbortController().signal),
  })
}

function deliverOutbox(history: History, process: ServerProcess): void {
  const onFailure = (item: { outboxId: string }, error: unknown) => failed(history, item.outboxId, error)
  history.call(process, {
    name: 'delivers the outbox',
    work: ({ ports }) => deliverDueOutbox({ ...ports, onFailure }, new AbortController().signal),
  })
}

function lookForOverdue(history: History): void {
  history.call(history.somebody(), { name: 'looks for what is overdue', work: ({ ports }) => watchOverdue(ports) })
}

/** One row could not be looked at; the next sweep does. Without a database that is all there is to say. */
function failed(history: History, what: string, error: unknown): void {
  if (history.isExcused(error)) history.timeLine.tell(`  ${what} is left: no database`)
  else history.trouble(`the sweep over ${what}`, error)
}

/** One that is due; or, now and then, one that WeChat has delivered before. */
async function deliverOne(history: History): Promise<void> {
  const { timeLine, nowMs, dice, network } = history
  const notifications = await notificationsOf(history)
  const due = notifications.filter(({ due_at }) => due_at !== undefined && Date.parse(due_at) <= nowMs)
  const candidates = due.length > 0 ? due : notifications
  if (candidates.length === 0) return
  const { id, about, out_trade_no, due_at } = dice.pick(candidates)
  timeLine.count(`notification of a ${about}`)
  if (due_at !== undefined && Date.parse(due_at) < nowMs - 60_000) timeLine.count(`notification of a ${about}, late`)
  const isBefore = due.some((other) => other.out_trade_no === out_trade_no && other.about === 'payment')
  if (about === 'refund' && isBefore) timeLine.count('notification of a refund before that of its payment')
  await network.deliver(id)
}

async function notificationsOf({ ground, scheduler }: History): Promise<WechatNotification[]> {
  const books = await scheduler.during(() => ground.wechat.control<WechatBooks>('/_sim/books'))
  return books.notifications
}

/** Within so long everybody knows of a payment (P1); by the next figure, of a refund's end too (P5). */
const paymentSeconds = 120
const refundSeconds = paymentSeconds + 1_200

/**
 * Nothing goes wrong any more: what is under way ends, and everybody has two hours for the rest.
 * @returns what was not known in time
 */
async function heal(history: History, model: ReferenceModel, operator: Operator): Promise<string[]> {
  while (await history.step());
  const beganMs = history.nowMs
  const unkept: string[] = []
  for (let round = 0; history.nowMs < beganMs + healSeconds * 1000; round++) {
    if (!history.plan.sweepOnly) await deliverAllDue(history)
    operator.correctAll()
    sweep(history, history.processes[round % history.processes.length] ?? history.somebody())
    sweepTheRefunds(history, history.somebody())
    deliverOutbox(history, history.somebody())
    await history.scheduler.settle()
    while (await history.step());
    const seconds = (history.nowMs - beganMs) / 1000
    if (seconds === paymentSeconds) unkept.push(...(await unkeptPromises(history, model, 'payment')))
    if (seconds === refundSeconds) unkept.push(...(await unkeptPromises(history, model, 'refund')))
    await history.pass(seconds < paymentSeconds ? 20 : 600)
  }
  lookForOverdue(history)
  await history.scheduler.settle()
  while (await history.step());
  return unkept
}

async function deliverAllDue(history: History): Promise<void> {
  for (const { id, due_at } of await notificationsOf(history)) {
    if (due_at === undefined || Date.parse(due_at) > history.nowMs) continue
    history.act('a notification is due', () => history.network.deliver(id))
    await history.scheduler.settle()
    while (await history.step());
  }
}
