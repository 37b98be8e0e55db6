import { randomBytes } from 'node:crypto'
import type { World } from './ports.ts'

/** The real clock and the system's randomness. Nothing else in the server reads either; a lint rule sees to it. */
export const realWorld: World = {
  now: () => new Date(),
  randomBytes: (size) => randomBytes(size),
}

/** A number in [0, 1) from the world's randomness, to spread retries. */
export function randomFraction(world: World): number {
  const [a = 0, b = 0] = world.randomBytes(2)
  return (a * 256 + b) / 65536
}
