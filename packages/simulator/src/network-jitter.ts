import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultMatch } from './engine/fault-plan.ts'
import { randomFraction } from './engine/random.ts'
import type { World } from './world.ts'

/** What the network made of a message: `before`: it was lost, `after`: its answer was. */
export type Loss = 'before' | 'after' | undefined

/** Plays network.jitter for one message: waits (real time, as a network does), and says whether something gets lost. */
export async function passNetwork({ faults, random }: World, subject: FaultMatch): Promise<Loss> {
  const fault = faults.take(subject, 'network.jitter')
  if (!fault) return undefined
  const [share, half, delay] = [randomFraction(random), randomFraction(random), randomFraction(random)]
  const delayMs = Math.floor(delay * (Number(fault.options['delay_ms']) + 1))
  await sleep(delayMs)
  if (share * 100 >= Number(fault.options['loss_percent'])) return undefined
  return half < 0.5 ? 'before' : 'after'
}
