import type { Store, World } from '../ports.ts'

/** Less is the wobble of a clock that is kept right. */
const jumpMsMin = 1_000

/**
 * What a server does, again and again, so that a clock that was put back stalls nothing: what was to be looked at in
 * seconds by the old one would else wait until the new one has come there (F71).
 */
export function clockFollower({ store, world }: { store: Store; world: World }): () => Promise<void> {
  let last = world.now()
  return async () => {
    const now = world.now()
    const backMs = last.getTime() - now.getTime()
    if (backMs >= jumpMsMin) await store.shiftSchedules(now, backMs)
    last = now
  }
}
