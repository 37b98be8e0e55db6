import type { Books } from './books.ts'
import type { VirtualClock } from './clock.ts'
import type { RandomBytes } from './random.ts'

/** What the rules of the simulated WeChat work on. */
export interface Engine {
  readonly books: Books
  readonly clock: VirtualClock
  readonly random: RandomBytes
}
