import { type Dice, throwDice } from './dice.ts'

/** What a seed makes of a history before it begins: how many take part, and how much goes wrong. */
export interface Plan {
  seed: number
  payApi: 'v3' | 'v2-md5' | 'v2-hmac-sha256'
  processes: number
  shoppers: number
  orders: number
  /** How many things people and processes do before the world heals. */
  actions: number
  /** How often people give an order up, beside all else they do. */
  cancelWeight: number
  /** So many tasks are under way at once. 1: nothing is interleaved. */
  parallel: number
  /** How likely the task that ran last goes on, rather than any. */
  calm: number
  orderTtlSeconds: number
  /** Pieces of the one product that is scarce. */
  scarceStock: number
  /** Seconds by which each process's clock is wrong at first. */
  skewSeconds: readonly number[]
  /** No notification ever comes and no client looks again: WeChat is asked by the sweep, or by nobody (P1). */
  sweepOnly: boolean
  /** Likelihoods, 0 to 1, of each thing that goes wrong; a quarter of the histories have none of a kind. */
  faults: {
    /** A call to WeChat, or its answer, is lost. */
    loss: number
    /** WeChat answers with an error, or with nonsense. */
    error: number
    /** WeChat answers something that is not, or not yet, true. */
    lie: number
    /** A notification, or its answer, is lost. */
    notifyLoss: number
    notifyDuplicate: number
    /** A notification is not what it should be. */
    notifyOdd: number
    /** At each step: a process dies. */
    crash: number
    /** A payment that began before the close comes through after it. */
    latePayment: number
    /** Refunds that WeChat does not simply accept and carry out. */
    refund: number
    /** The client never sees the answer. */
    clientLoss: number
    /** At each step: WeChat cannot be reached for a while, however often a call is tried again. */
    outage: number
    /** A request comes to WeChat after we have given it up. */
    late: number
    /** The database refuses a transaction, or commits it and the connection is lost before we know (F48). */
    database: number
    /** At each step: the clock of a process jumps. */
    clock: number
    /** The merchant's own system does not take a webhook, or takes it and does not say so. */
    webhook: number
    /** WeChat refuses a refund, and makes it all the same. */
    refusedButMade: number
  }
}

export function planOf(seed: number): Plan {
  const dice = throwDice(seed)
  const processes = dice.integer(2, 4)
  const plan: Plan = {
    seed,
    payApi: dice.pick(['v3', 'v3', 'v2-md5', 'v2-hmac-sha256']),
    processes,
    shoppers: dice.integer(1, 3),
    orders: dice.integer(1, 6),
    actions: dice.integer(30, 70),
    cancelWeight: dice.pick([1, 1, 6]),
    parallel: dice.pick([1, 2, 3, 4, 6]),
    calm: dice.pick([0, 0.3, 0.7]),
    orderTtlSeconds: dice.pick([900, 1800, 3600]),
    scarceStock: dice.integer(1, 6),
    skewSeconds: skews(dice, processes),
    sweepOnly: dice.happens(0.125),
    faults: {
      loss: upTo(dice, 30),
      error: upTo(dice, 20),
      lie: upTo(dice, 20),
      notifyLoss: upTo(dice, 60),
      notifyDuplicate: upTo(dice, 50),
      notifyOdd: upTo(dice, 20),
      crash: upTo(dice, 5),
      latePayment: upTo(dice, 60),
      refund: upTo(dice, 60),
      clientLoss: upTo(dice, 20),
      outage: upTo(dice, 1),
      late: upTo(dice, 10),
      database: upTo(dice, 5),
      clock: upTo(dice, 3),
      webhook: upTo(dice, 40),
      refusedButMade: upTo(dice, 90),
    },
  }
  // Money that comes after the close is known by its notification alone, and by the bill.
  return plan.sweepOnly ? { ...plan, faults: { ...plan.faults, latePayment: 0 } } : plan
}

function upTo(dice: Dice, percent: number): number {
  return dice.happens(0.25) ? 0 : dice.integer(1, percent) / 100
}

function skews(dice: Dice, processes: number): number[] {
  const isWrong = dice.happens(0.5)
  return Array.from({ length: processes }, () => (isWrong ? dice.integer(-3, 3) : 0))
}
