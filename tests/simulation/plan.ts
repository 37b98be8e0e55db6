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
  /** Seconds by which each process's clock is wrong. */
  skewSeconds: readonly number[]
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
  }
}

export function planOf(seed: number): Plan {
  const dice = throwDice(seed)
  const processes = dice.integer(2, 4)
  return {
    seed,
    payApi: dice.pick(['v3', 'v3', 'v2-md5', 'v2-hmac-sha256']),
    processes,
    shoppers: dice.integer(1, 3),
    orders: dice.integer(1, 5),
    actions: dice.integer(15, 40),
    cancelWeight: dice.pick([1, 1, 6]),
    parallel: dice.pick([1, 2, 3, 4, 6]),
    calm: dice.pick([0, 0.3, 0.7]),
    orderTtlSeconds: dice.pick([900, 1800, 3600]),
    scarceStock: dice.integer(1, 6),
    skewSeconds: skews(dice, processes),
    faults: {
      loss: upTo(dice, 30),
      error: upTo(dice, 20),
      lie: upTo(dice, 15),
      notifyLoss: upTo(dice, 60),
      notifyDuplicate: upTo(dice, 50),
      notifyOdd: upTo(dice, 20),
      crash: upTo(dice, 5),
      latePayment: upTo(dice, 40),
      refund: upTo(dice, 30),
      clientLoss: upTo(dice, 20),
    },
  }
}

function upTo(dice: Dice, percent: number): number {
  return dice.happens(0.25) ? 0 : dice.integer(1, percent) / 100
}

function skews(dice: Dice, processes: number): number[] {
  const isWrong = dice.happens(0.5)
  return Array.from({ length: processes }, () => (isWrong ? dice.integer(-3, 3) : 0))
}
