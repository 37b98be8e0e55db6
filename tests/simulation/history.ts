import { Refusal } from '../../apps/server/src/domain/refusal.ts'
import { isDatabaseUnavailable } from '../../apps/server/src/storage/connect.ts'
import { type Dice, throwDice } from './dice.ts'
import { Network } from './network.ts'
import type { Plan } from './plan.ts'
import { Receiver } from './receiver.ts'
import { Scheduler, type Task, type Waiting } from './scheduler.ts'
import { type DatabaseFate, type Mutant, ServerProcess } from './server-process.ts'
import { beginningMs, type Ground, type Stage } from './stage.ts'
import { TimeLine } from './time-line.ts'

/** A call of a client, or a job, at some process. */
interface Call<Result> {
  name: string
  work: (process: ServerProcess) => Promise<Result>
  answered?: (result: Result) => void
  refused?: (code: string) => void
  /** No answer came: it was lost, the process died, or there was no database. */
  lost?: () => void
}

/** A request that we have given up arrives within so long. */
const lateSeconds = 20
/** No clock is off by more than this: disagreement is bounded where servers keep time (F72). */
const skewSecondsMax = 14

/**
 * The world of one history: virtual time, a simulated WeChat, some server processes on one database, and the network
 * between them. Nothing in it moves but by {@link step} and {@link pass}.
 */
export class History {
  readonly plan: Plan
  readonly dice: Dice
  readonly scheduler = new Scheduler()
  readonly network: Network
  readonly receiver: Receiver
  readonly timeLine: TimeLine
  readonly stage: Stage
  #nowMs = beginningMs
  #ground: Ground | undefined
  readonly #processes: ServerProcess[] = []
  #lives = 0
  readonly #skewSeconds: number[]
  readonly #late: { task: Task; untilMs: number }[] = []
  readonly #mutant: Mutant
  readonly #underWay = new Map<Task, () => void>()
  #last: Task | undefined
  /** What no command may do: throw something that is no refusal. */
  readonly troubles: string[] = []

  constructor(stage: Stage, plan: Plan, mutant: Mutant = (ports) => ports) {
    this.stage = stage
    this.plan = plan
    this.dice = throwDice(plan.seed + 0x5eed)
    this.timeLine = new TimeLine(() => this.#nowMs)
    this.#mutant = mutant
    this.#skewSeconds = [...plan.skewSeconds]
    const { scheduler, dice, timeLine } = this
    const failing = () => this.network.faults.webhook
    this.receiver = new Receiver({ scheduler, dice, timeLine, secret: stage.webhookSecret, failing })
    this.network = new Network({
      scheduler,
      dice,
      timeLine,
      nowMs: () => this.#nowMs,
      later: (name, work) => {
        const task = this.act(name, work)
        this.#late.push({ task, untilMs: this.#nowMs + lateSeconds * 1000 })
      },
      wechat: () => this.ground.wechat,
      secureFetch: () => this.ground.secure.fetch,
      receive: (message) =>
        new Promise((resolve) => {
          this.call(this.somebody(), {
            name: 'receives a notification',
            work: (process) => process.receive(message),
            answered: resolve,
            lost: () => resolve(undefined),
          })
        }),
    })
  }

  async begin(): Promise<void> {
    const post = this.network.post.bind(this.network)
    this.#ground = await this.stage.prepare({ seed: this.plan.seed, nowMs: () => this.#nowMs, post })
    for (let index = 0; index < this.plan.processes; index++) this.#processes.push(this.#born(index))
  }

  async end(): Promise<void> {
    await this.#ground?.leave()
  }

  get ground(): Ground {
    if (this.#ground === undefined) throw new Error('the history has not begun')
    return this.#ground
  }

  get nowMs(): number {
    return this.#nowMs
  }

  get processes(): readonly ServerProcess[] {
    return this.#processes
  }

  get underWay(): number {
    return this.#underWay.size
  }

  somebody(): ServerProcess {
    return this.dice.pick(this.#processes)
  }

  async pass(seconds: number): Promise<void> {
    const endMs = this.#nowMs + seconds * 1000
    for (const { task } of this.#late.filter(({ untilMs }) => untilMs < endMs)) await this.#finish(task)
    this.#nowMs = endMs
  }

  /** The clock of some process is set, forwards or back. */
  jump(): void {
    const index = this.dice.integer(0, this.#processes.length - 1)
    const to = this.dice.integer(-skewSecondsMax, skewSecondsMax)
    this.timeLine.tell(`the clock of p${index} jumps, and is ${to} s off`)
    this.timeLine.count('clock jump')
    this.#skewSeconds[index] = to
  }

  /** Everything is as it should be again. */
  heal(): void {
    this.timeLine.tell('the world heals')
    this.network.heal()
    this.#skewSeconds.fill(0)
  }

  /** What went wrong and is the product's to cope with is no trouble. */
  isExcused(error: unknown): boolean {
    return isDatabaseUnavailable(error)
  }

  /** Begins a call; it goes on as the scheduler chooses. */
  call<Result>(process: ServerProcess, call: Call<Result>): void {
    const name = `${process.name} ${call.name}`
    const task: Task = { name, owner: process }
    this.timeLine.tell(name)
    this.#begin(task, call.lost, async () => {
      const outcome = await call.work(process).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      )
      if (!this.#underWay.delete(task)) return
      if ('result' in outcome) {
        this.timeLine.tell(`${name}: ${describe(outcome.result)}`)
        call.answered?.(outcome.result)
      } else if (outcome.error instanceof Refusal) {
        this.timeLine.tell(`${name}: refused, ${outcome.error.code}`)
        call.refused?.(outcome.error.code)
      } else if (this.isExcused(outcome.error)) {
        this.timeLine.tell(`${name}: no database`)
        call.lost?.()
      } else {
        this.trouble(name, outcome.error)
        call.lost?.()
      }
    })
  }

  /** Something that no process of ours does, as a delivery. */
  act(name: string, work: () => Promise<void>): Task {
    const task: Task = { name, owner: this }
    this.timeLine.tell(name)
    this.#begin(task, undefined, async () => {
      try {
        await work()
      } catch (error) {
        this.trouble(name, error)
      }
      this.#underWay.delete(task)
    })
    return task
  }

  trouble(name: string, error: unknown): void {
    const text = `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    this.timeLine.tell(text)
    this.troubles.push(text)
  }

  /** Lets one waiting task go on to its next gate. False when none waits. */
  async step(): Promise<boolean> {
    const { waiting } = this.scheduler
    if (waiting.length === 0) return false
    const same = waiting.find(({ task }) => task === this.#last)
    const chosen: Waiting = same !== undefined && this.dice.happens(this.plan.calm) ? same : this.dice.pick(waiting)
    this.#last = chosen.task
    this.timeLine.tell(`· ${chosen.name}`)
    await this.scheduler.release(chosen)
    return true
  }

  /** A process dies where it stands. What it remembers is gone, and its calls are never answered. Another one starts. */
  async crash(): Promise<void> {
    const index = this.dice.integer(0, this.#processes.length - 1)
    const dead = this.#processes[index]
    if (dead === undefined) return
    this.timeLine.tell(`${dead.name} dies`)
    this.timeLine.count('crash')
    this.scheduler.drop(dead)
    this.#processes[index] = this.#born(index)
    for (const [task, lost] of [...this.#underWay].filter(([{ owner }]) => owner === dead)) {
      this.#underWay.delete(task)
      lost()
    }
    await this.scheduler.settle()
  }

  async #finish(task: Task): Promise<void> {
    for (let next = this.#waitingFor(task); next !== undefined; next = this.#waitingFor(task)) {
      this.timeLine.tell(`· ${next.name}`)
      await this.scheduler.release(next)
    }
  }

  #waitingFor(task: Task): Waiting | undefined {
    return this.scheduler.waiting.find((waiting) => waiting.task === task)
  }

  #databaseFate(): DatabaseFate {
    if (!this.dice.happens(this.network.faults.database)) return 'well'
    const fate = this.dice.pick(['refused', 'lost'] as const)
    this.timeLine.tell(`  the database: ${fate}`)
    this.timeLine.count(`transaction ${fate}`)
    return fate
  }

  #begin(task: Task, lost: (() => void) | undefined, work: () => Promise<void>): void {
    this.#underWay.set(task, () => lost?.())
    this.scheduler.start(task, work)
  }

  #born(index: number): ServerProcess {
    const { plan, scheduler, stage } = this
    const { sql, wechat, secure } = this.ground
    const clock = () => this.#nowMs + (this.#skewSeconds[index] ?? 0) * 1000
    const parts = {
      index,
      plan,
      scheduler,
      merchant: stage.merchant,
      sql,
      wechatUrl: wechat.url,
      secureUrl: secure.url,
      clock,
      webhooks: this.receiver,
      secrets: stage.secrets,
      database: () => this.#databaseFate(),
    }
    const { fetch, secureFetch } = this.network
    return new ServerProcess({ ...parts, fetch, secureFetch, mutant: this.#mutant }, this.#lives++)
  }
}

function describe(result: unknown): string {
  if (result === undefined) return 'done'
  if (typeof result !== 'object' || result === null) return String(result)
  if ('status' in result) return `status ${result.status}`
  return 'order_number' in result ? String(result.order_number) : 'done'
}
