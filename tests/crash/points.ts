import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '../../scripts/until.ts'
import type { Wechat } from '../support/shop.ts'
import type { DatabaseTap, WritePoint } from './database-tap.ts'

/** A step of a story at which a process can be killed. */
export interface Point {
  name: string
  /** Lays the trap, which `signal` takes away; `reached` resolves when a process is in it. */
  arm(signal: AbortSignal): Promise<{ reached: Promise<void> }>
}

/** A call to WeChat: parts of its path in v3 and in v2. */
export interface Call {
  name: string
  paths: string[]
}

/** What a server does by itself, at its start and by the clock, and what WeChat pushes or repeats: no step of a story. */
const houseKeeping = /^(jobs|jobs set-up|migrations): |^delete |^update flags$|push_inbox|^notify: update notify_inbox$/

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
    async arm(signal) {
      signal.addEventListener('abort', () => tap.release())
      return { reached: tap.hold(point) }
    },
  }))
}

/** A point before and a point after a call had its effect at WeChat. */
export function callPoints(wechat: Wechat, call: Call): Point[] {
  return (['before', 'after'] as const).map((side) => {
    const fault = `call.timeout-${side}`
    return {
      name: `${side} the ${call.name} had its effect at WeChat`,
      async arm(signal) {
        for (const path of call.paths) await wechat.fault(fault, { match: { path } })
        await wechat.control('/_sim/requests', undefined, 'DELETE')
        const met = async () => {
          const { requests } = await wechat.control<{ requests: { faults: string[] }[] }>('/_sim/requests')
          return requests.some(({ faults }) => faults.includes(fault))
        }
        const over = async () => signal.aborted || (await met())
        return { reached: until(`the server is held ${side} its ${call.name}`, over, 60_000) }
      },
    }
  })
}

/** A story with a purchase of its own, prepared as far as nobody is killed. */
export interface Play {
  /** `killed` tells whether a process has been killed, so that nobody waits for more. */
  run(killed: () => boolean): Promise<void>
  assertEnded(): Promise<void>
}

/** Which of two workers takes a step first can be chance: so often a story is played until one comes to the point. */
const plays = 3

/** Plays a story until its process comes to the point, where it is killed and brought back by `revive`. */
export async function killedAt(
  point: Point,
  revive: () => Promise<void>,
  begin: (play: number) => Promise<Play>,
): Promise<void> {
  for (let play = 0; play < plays; play++) {
    const { run, assertEnded } = await begin(play)
    const isThere = await playTo(point, revive, run)
    await assertEnded()
    if (isThere) return
  }
  assert.fail(`in ${plays} plays no process came to the point ${point.name}`)
}

/** @returns whether a process came to the point */
async function playTo(point: Point, revive: () => Promise<void>, run: Play['run']): Promise<boolean> {
  const trap = new AbortController()
  const { reached } = await point.arm(trap.signal)
  let killed = false
  const revival = Promise.race([reached, once(trap.signal, 'abort')]).then(() => {
    if (trap.signal.aborted) return
    killed = true
    return revive()
  })
  const playing = async () => {
    await run(() => killed)
    // A sweep comes to its points by its own clock.
    const limit = Date.now() + 10_000
    while (!killed && Date.now() < limit) await delay(20)
    if (!killed) trap.abort()
  }
  await Promise.all([playing(), revival])
  return killed
}
