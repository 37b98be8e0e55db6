import { until } from '../../scripts/until.ts'
import type { Wechat } from '../support/shop.ts'
import type { DatabaseTap, WritePoint } from './database-tap.ts'

/** A step of a story at which a process can be killed. */
export interface Point {
  name: string
  /** Lays the trap; `reached` resolves when a process is in it. */
  arm(): Promise<{ reached: Promise<void> }>
}

/** A call to WeChat: parts of its path in v3 and in v2. */
export interface Call {
  name: string
  paths: string[]
}

/** What a server does by itself, at its start and by the clock, and what WeChat pushes: no step of a story. */
const houseKeeping = /^(jobs|jobs set-up|migrations): |^delete |^update flags$|push_inbox/

/** A point before and a point after each of the writes that were seen. */
export function writePoints(tap: DatabaseTap, writes: Iterable<string>): Point[] {
  const sides = [...new Set(writes)]
    .filter((write) => !houseKeeping.test(write))
    .flatMap((write): WritePoint[] => [
      // What is also sent when there is nothing to do cannot be told before it is answered.
      ...(tap.idle.has(write) ? [] : [{ write, side: 'before' } as const]),
      { write, side: 'after' },
    ])
  return sides.map((point) => ({
    name: `${point.side} the commit of ${point.write}`,
    arm: async () => ({ reached: tap.hold(point) }),
  }))
}

/** A point before and a point after a call had its effect at WeChat. */
export function callPoints(wechat: Wechat, call: Call): Point[] {
  return (['before', 'after'] as const).map((side) => {
    const fault = `call.timeout-${side}`
    return {
      name: `${side} the ${call.name} had its effect at WeChat`,
      async arm() {
        for (const path of call.paths) await wechat.fault(fault, { match: { path } })
        await wechat.control('/_sim/requests', undefined, 'DELETE')
        const met = async () => {
          const { requests } = await wechat.control<{ requests: { faults: string[] }[] }>('/_sim/requests')
          return requests.some(({ faults }) => faults.includes(fault))
        }
        return { reached: until(`the server is held ${side} its ${call.name}`, met, 30_000) }
      },
    }
  })
}

/** Plays a story; when its process has come to the point, it is killed and brought back by `revive`. */
export async function killedAt(
  point: Point,
  revive: () => Promise<void>,
  play: (killed: () => boolean) => Promise<void>,
): Promise<void> {
  const { reached } = await point.arm()
  let killed = false
  const revival = reached.then(() => {
    killed = true
    return revive()
  })
  const playing = async () => {
    await play(() => killed)
    // A sweep comes to its points by its own clock.
    await until(`a process comes to the point ${point.name}`, () => killed)
  }
  await Promise.all([playing(), revival])
}
