import type { FaultMatch, FaultPlan, PlannedFault } from '../engine/fault-plan.ts'

const shaping = [
  'notify.drop',
  'notify.amount',
  'notify.unknown-order',
  'notify.wrong-merchant',
  'notify.forged',
  'notify.duplicate',
  'notify.replay',
  'notify.answer-lost',
]
const shapingV3 = ['notify.sign-probe', 'notify.stale', 'notify.rewritten']
const instead = ['notify.amount', 'notify.unknown-order', 'notify.wrong-merchant', 'notify.forged', 'notify.rewritten']

/** The faults that shape one delivery, each used up by one. */
export class DeliveryFaults {
  readonly #taken: readonly PlannedFault[]

  constructor(plan: FaultPlan, subject: FaultMatch, form: 'v2' | 'v3') {
    const names = form === 'v3' ? [...shaping, ...shapingV3] : shaping
    this.#taken = names.flatMap((name) => plan.take(subject, name) ?? [])
  }

  get names(): string[] {
    return this.#taken.map(({ name }) => name)
  }

  has(name: string): boolean {
    return this.#taken.some((fault) => fault.name === name)
  }

  option(name: string, option: string): number | boolean | string | undefined {
    return this.#taken.find((fault) => fault.name === name)?.options[option]
  }

  /** Whether something else goes out in place of the genuine message, so that its answer does not count. */
  get replacesMessage(): boolean {
    return instead.some((name) => this.has(name))
  }
}
