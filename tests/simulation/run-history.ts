import { sweepOrders } from '../../apps/server/src/commands/sweep-orders.ts'
import { sweepRefunds } from '../../apps/server/src/commands/sweep-refunds.ts'
import { watchOverdue } from '../../apps/server/src/commands/watch-money.ts'
import { History } from './history.ts'
import { noFaults } from './network.ts'
import { Operator } from './operator.ts'
import { judge } from './oracle.ts'
import { type Plan, planOf } from './plan.ts'
import { ReferenceModel } from './reference-model.ts'
import type { Mutant, ServerProcess } from './server-process.ts'
import { type Action, Shoppers } from './shoppers.ts'
import type { Stage } from './stage.ts'

export interface Outcome {
  plan: Plan
  /** Everything that happened and the state at the end, the same for the same seed. */
  timeLine: string[]
  /** What is wrong; nothing, if all is well. */
  wrong: string[]
}

const healSeconds = 2 * 60 * 60

/** Plays the history of one seed, lets the world heal, and judges what came of it. */
export async function runHistory(stage: Stage, seed: number, mutant?: Mutant): Promise<Outcome> {
  const plan = planOf(seed)
  const history = new History(stage, plan, mutant)
  await history.begin()
  try {
    const model = new ReferenceModel()
    const { sql } = history.ground
    await sql`update products set stock_total = ${plan.scarceStock} where sku = 'scarce'`
    const shoppers = new Shoppers(history, model)
    await shoppers.arrive()
    history.network.faults = plan.faults
    await live(history, shoppers)
    history.network.faults = noFaults
    await heal(history)
    const wrong = await judge(history, model)
    return { plan, timeLine: history.timeLine.lines, wrong: wrong.map((line) => history.timeLine.shorten(line)) }
  } catch (error) {
    history.trouble('the simulation itself', error)
    return { plan, timeLine: history.timeLine.lines, wrong: history.troubles }
  } finally {
    await history.end()
  }
}

/** One choice after another, until as much has happened as was planned. */
async function live(history: History, shoppers: Shoppers): Promise<void> {
  const { plan, dice, scheduler } = history
  const operator = new Operator(history, shoppers)
  for (let begun = 0; begun < plan.actions; ) {
    const isWaiting = scheduler.waiting.length > 0
    const choice = dice.weigh([
      [isWaiting ? 6 : 0, 'step'],
      [history.underWay < plan.parallel ? 2 : 0, 'begin'],
      [isWaiting ? 0.2 : 1, 'pass'],
    ])
    if (choice === 'step') await history.step()
    else if (choice === 'pass') pass(history)
    else {
      begun++
      dice.weigh([...shoppers.actions(), ...operator.actions(), ...jobs(history)])()
      await scheduler.settle()
    }
    if (dice.happens(history.network.faults.crash)) await history.crash()
  }
}

/** What happens without anybody's doing. */
function jobs(history: History): Action[] {
  return [
    [3, () => sweep(history, history.somebody())],
    [2, () => sweepTheRefunds(history, history.somebody())],
    [3, () => history.act('a notification is due', () => deliverOne(history))],
    [0.5, () => history.act('an old message comes again', () => history.network.replay())],
  ]
}

function pass(history: History): void {
  const { plan, dice } = history
  const [least, most] = dice.weigh<readonly [number, number]>([
    [6, [1, 15]],
    [2, [20, 90]],
    [3, [120, 400]],
    [0.5, [plan.orderTtlSeconds, plan.orderTtlSeconds + 60]],
  ])
  const seconds = history.underWay > 0 ? dice.integer(1, 8) : dice.integer(least, most)
  history.timeLine.tell(`${seconds} s pass`)
  history.pass(seconds)
}

function sweep(history: History, process: ServerProcess): void {
  history.call(process, {
    name: 'sweeps',
    work: ({ ports }) =>
      sweepOrders(
        { ...ports, onFailure: ({ orderNumber }, error) => history.trouble(`the sweep over ${orderNumber}`, error) },
        new AbortController().signal,
      ),
  })
}

function sweepTheRefunds(history: History, process: ServerProcess): void {
  history.call(process, {
    name: 'sweeps the refunds',
    work: ({ ports }) =>
      sweepRefunds(
        { ...ports, onFailure: ({ outRefundNo }, error) => history.trouble(`the sweep over ${outRefundNo}`, error) },
        new AbortController().signal,
      ),
  })
}

interface Booked {
  id: string
  due_at?: string
  deliveries: unknown[]
}

/** One that is due; or, now and then, one that WeChat has delivered before. */
async function deliverOne(history: History): Promise<void> {
  const notifications = await notificationsOf(history)
  const due = notifications.filter(({ due_at }) => due_at !== undefined && Date.parse(due_at) <= history.nowMs)
  const candidates = due.length > 0 ? due : notifications
  if (candidates.length > 0) await history.network.deliver(history.dice.pick(candidates).id)
}

async function notificationsOf({ ground, scheduler }: History): Promise<Booked[]> {
  const books = await scheduler.during(() => ground.wechat.control<{ notifications: Booked[] }>('/_sim/books'))
  return books.notifications
}

/** Nothing goes wrong any more: what is under way ends, and everybody has two hours for the rest. */
async function heal(history: History): Promise<void> {
  history.timeLine.tell('the world heals')
  while (await history.step());
  const endMs = history.nowMs + healSeconds * 1000
  for (let round = 0; history.nowMs < endMs; round++) {
    await deliverAllDue(history)
    sweep(history, history.processes[round % history.processes.length] ?? history.somebody())
    sweepTheRefunds(history, history.somebody())
    await history.scheduler.settle()
    while (await history.step());
    history.pass(round < 12 ? 10 : 600)
  }
  history.call(history.somebody(), { name: 'looks for what is overdue', work: ({ ports }) => watchOverdue(ports) })
  await history.scheduler.settle()
  while (await history.step());
}

async function deliverAllDue(history: History): Promise<void> {
  for (const { id, due_at } of await notificationsOf(history)) {
    if (due_at === undefined || Date.parse(due_at) > history.nowMs) continue
    history.act('a notification is due', () => history.network.deliver(id))
    await history.scheduler.settle()
    while (await history.step());
  }
}
