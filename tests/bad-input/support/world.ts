import { realWorld, type World } from '@fenpay/server'

/** The real world, whose clock can be moved forward. */
export function movableWorld(): World & { advance(seconds: number): void } {
  let aheadMs = 0
  return {
    now: () => new Date(realWorld.now().getTime() + aheadMs),
    randomBytes: (size) => realWorld.randomBytes(size),
    advance(seconds) {
      aheadMs += seconds * 1000
    },
  }
}
