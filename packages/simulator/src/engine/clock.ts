/** Milliseconds since the epoch, as the machine's clock shows them. */
export type WallClock = () => number

/**
 * The two clocks. Business time (expiry, schedules, success_time, lives of codes) is virtual: the wall clock plus all
 * that was advanced. Message timestamps follow the wall clock, so that a back end with an ordinary clock keeps talking.
 */
export class VirtualClock {
  readonly #wall: WallClock
  #offsetMs: number

  constructor(wall: WallClock, offsetMs = 0) {
    this.#wall = wall
    this.#offsetMs = offsetMs
  }

  /** How far business time is ahead of the wall clock. */
  get offsetMs(): number {
    return this.#offsetMs
  }

  wallMs(): number {
    return this.#wall()
  }

  nowMs(): number {
    return this.#wall() + this.#offsetMs
  }

  /** Moves business time forward to `ms`; never back. */
  advanceTo(ms: number): void {
    this.#offsetMs = Math.max(this.#offsetMs, ms - this.#wall())
  }
}
