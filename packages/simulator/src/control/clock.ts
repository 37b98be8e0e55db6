import { toRfc3339 } from '../engine/beijing-time.ts'
import type { World } from '../world.ts'
import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, optionalInteger, readInput } from './input.ts'

const advanceMaxSeconds = 366 * 86_400

/** GET /_sim/clock. */
export const readClock = ({ world }: Control): ControlAnswer => ({ body: describe(world) })

/** Advances one after the other, however many ask at once. */
export function clockAdvancer(): (control: Control) => Promise<ControlAnswer> {
  let last: Promise<unknown> = Promise.resolve()
  return async ({ world, notifier, call }) => {
    const seconds = optionalInteger(readInput(call.text), 'seconds', 0, advanceMaxSeconds)
    if (seconds === undefined) throw new ControlInputError('seconds is missing')
    const turn = last.then(() => notifier.advanceTo(world.clock.nowMs() + seconds * 1000))
    last = turn.catch(() => {})
    await turn
    return { body: describe(world) }
  }
}

const describe = ({ clock }: World): object => ({
  now: toRfc3339(clock.nowMs()),
  now_ms: clock.nowMs(),
  wall_ms: clock.wallMs(),
  advanced_seconds: Math.round(clock.offsetMs / 1000),
})
