import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** In real time: a step that takes so long waits for something that only another step could bring. */
const stuckMs = 20_000

/** A task that stands at a gate: it goes on when, and only if, the scheduler lets it. */
export interface Waiting {
  /** Who waits and for what, as the time-line shows it. */
  readonly name: string
  readonly task: Task
  go(): void
  /** Its owner is gone. */
  abandon(): void
}

/** Something under way: a client's call, a sweep, a delivery. `owner` is the life of the process it runs in. */
export interface Task {
  readonly name: string
  readonly owner: object
}

/**
 * Lets one step happen at a time. What a task does between two gates runs to its end before the next choice is made;
 * who passes a gate next is the caller's choice, hence the seed's. A task whose owner is dropped never goes on.
 */
export class Scheduler {
  readonly #current = new AsyncLocalStorage<Task>()
  #waiting: Waiting[] = []
  readonly #dropped = new WeakSet<object>()
  #running = 0
  #last = 'nobody'
  #onQuiet: (() => void) | undefined

  get waiting(): readonly Waiting[] {
    return this.#waiting
  }

  /** Begins a task; it runs up to its first gate by the next {@link settle}. */
  start(task: Task, work: () => Promise<void>): void {
    void this.#current.run(task, work)
  }

  /** Waits until everything that could run has come to a gate or to its end. */
  async settle(): Promise<void> {
    // What follows a finished step runs in microtasks; it may begin another one.
    await nextTurn()
    while (this.#running > 0) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`a step of ${this.#last} does not end`)), stuckMs)
        this.#onQuiet = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      await nextTurn()
    }
  }

  /**
   * Waits to be chosen. When its owner is dropped it waits for ever; or, with `onDrop`, it fails with that, so that a
   * request lets go of its timer. The task then comes to its next gate and no further.
   */
  gate(what: string, onDrop?: Error): Promise<void> {
    const task = this.#current.getStore()
    if (task === undefined) throw new Error(`${what} was called by no task`)
    if (this.#dropped.has(task.owner)) return new Promise(() => undefined)
    return new Promise((go, fail) => {
      const abandon = () => (onDrop === undefined ? undefined : fail(onDrop))
      this.#waiting.push({ name: `${task.name}: ${what}`, task, go, abandon })
    })
  }

  /** A step of real input and output: the scheduler waits for its end. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#running++
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  /** Inside a step: something that others have to bring about, as passing a gate. */
  async pausing<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#leave()
    try {
      return await work()
    } finally {
      this.#running++
    }
  }

  /** The chosen task goes on. */
  async release(chosen: Waiting): Promise<void> {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== chosen)
    this.#last = chosen.name
    chosen.go()
    await this.settle()
  }

  /** Whatever the owner's tasks were doing, they never go on. */
  drop(owner: object): void {
    this.#dropped.add(owner)
    const abandoned = this.#waiting.filter((waiting) => waiting.task.owner === owner)
    this.#waiting = this.#waiting.filter((waiting) => waiting.task.owner !== owner)
    for (const waiting of abandoned) waiting.abandon()
  }

  #leave(): void {
    if (--this.#running === 0) this.#onQuiet?.()
  }
}
