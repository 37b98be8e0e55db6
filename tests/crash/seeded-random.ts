import { randomInt } from 'node:crypto'

/** Numbers that a seed replays. */
export interface SeededRandom {
  /** A whole number from `least` to `most`. */
  integer(least: number, most: number): number
  pick<Item>(items: readonly Item[]): Item
  shuffle<Item>(items: readonly Item[]): Item[]
}

/** The seed of this run: FENPAY_CRASH_SEED, or a new one. */
export function crashSeed(): number {
  const given = process.env['FENPAY_CRASH_SEED']
  return given === undefined ? randomInt(2 ** 31) : Number(given)
}

/** Mulberry32: 32 bits of state, good enough to choose moments. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (least: number, most: number) => least + Math.floor(fraction() * (most - least + 1))
  const pick = <Item>(items: readonly Item[]): Item => {
    if (items.length === 0) throw new TypeError('nothing to pick from')
    return items[integer(0, items.length - 1)] as Item
  }
  return {
    integer,
    pick,
    shuffle<Item>(items: readonly Item[]) {
      const rest = [...items]
      return items.map(() => rest.splice(integer(0, rest.length - 1), 1)[0] as Item)
    },
  }
}
