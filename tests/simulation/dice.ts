import { seededRandom } from '../crash/seeded-random.ts'

/** Every choice of a history comes from here, in the order it is made. */
export interface Dice {
  integer(least: number, most: number): number
  pick<Item>(items: readonly Item[]): Item
  /** Whether something of this likelihood, 0 to 1, happens. */
  happens(likelihood: number): boolean
  /** One of the items, as likely as its weight. */
  weigh<Item>(items: readonly (readonly [weight: number, item: Item])[]): Item
}

export function throwDice(seed: number): Dice {
  const random = seededRandom(seed)
  const fraction = () => random.integer(0, 2 ** 31 - 1) / 2 ** 31
  return {
    integer: random.integer,
    pick: random.pick,
    happens: (likelihood) => fraction() < likelihood,
    weigh<Item>(items: readonly (readonly [weight: number, item: Item])[]) {
      let left = fraction() * items.reduce((sum, [weight]) => sum + weight, 0)
      const chosen = items.find(([weight]) => {
        left -= weight
        return left < 0
      })
      if (chosen === undefined) throw new TypeError('nothing to choose from')
      return chosen[1]
    },
  }
}
