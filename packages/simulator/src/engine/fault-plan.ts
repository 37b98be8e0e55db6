import type { VirtualClock } from './clock.ts'
import { type FaultKind, faultTable } from './fault-table.ts'

/** What a fault may be limited to. `path` is a part of the path (or of the notify_url). */
export interface FaultMatch {
  readonly path?: string
  readonly outTradeNo?: string
  readonly outRefundNo?: string
  readonly mchid?: string
  /** Calls and notifications about payments, or about refunds. */
  readonly about?: 'payment' | 'refund'
  /** Which of WeChat's addresses was called. */
  readonly host?: 'first' | 'second' | 'secure'
}

/** A fault's options, defaults filled in. */
export type FaultOptions = Readonly<Record<string, number | boolean | string>>

/** A fault that was ordered: for the next `timesLeft` occasions, or until `untilMs` of business time. */
export interface PlannedFault {
  readonly id: number
  readonly name: string
  readonly match: FaultMatch
  readonly options: FaultOptions
  readonly timesLeft?: number
  readonly untilMs?: number
}

/** An order for a fault. Neither `times` nor `seconds` means once. */
export interface FaultOrder {
  readonly name: string
  readonly times?: number
  readonly seconds?: number
  readonly match: FaultMatch
  readonly options: Readonly<Record<string, unknown>>
}

/** Thrown by {@link FaultPlan.add}: the message says what to write instead. */
export class FaultOrderError extends Error {
  readonly code = 'bad_fault'
}

/** The faults that wait for their occasion, oldest first. Kept in memory: a restart heals. */
export class FaultPlan {
  readonly #clock: VirtualClock
  #planned: PlannedFault[] = []
  #nextId = 1

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Throws {@link FaultOrderError} for an unknown fault or option. */
  add(order: FaultOrder): PlannedFault {
    const kind = faultTable.find((known) => known.name === order.name)
    if (!kind) throw new FaultOrderError(`unknown fault ${order.name}; GET /_sim/faults lists the known ones`)
    const planned: PlannedFault = {
      id: this.#nextId++,
      name: kind.name,
      match: order.match,
      options: fillOptions(kind, order.options),
      ...(order.seconds === undefined
        ? { timesLeft: order.times ?? 1 }
        : { untilMs: this.#clock.nowMs() + order.seconds * 1000 }),
    }
    this.#planned.push(planned)
    return planned
  }

  list(): readonly PlannedFault[] {
    this.#planned = this.#planned.filter((fault) => fault.untilMs === undefined || this.#clock.nowMs() < fault.untilMs)
    return this.#planned
  }

  /** Removes all faults, or those of one name. */
  clear(name?: string): void {
    this.#planned = name === undefined ? [] : this.#planned.filter((fault) => fault.name !== name)
  }

  /** The first planned fault among `names` that fits, used up by one; `undefined` when the world is in order. */
  take(subject: FaultMatch, ...names: string[]): PlannedFault | undefined {
    const fault = this.list().find((planned) => names.includes(planned.name) && fits(planned.match, subject))
    if (fault?.timesLeft === undefined) return fault
    const left = fault.timesLeft - 1
    this.#planned = this.#planned.flatMap((other) =>
      other !== fault ? [other] : left > 0 ? [{ ...fault, timesLeft: left }] : [],
    )
    return fault
  }
}

const fits = (match: FaultMatch, subject: FaultMatch): boolean =>
  (match.path === undefined || (subject.path ?? '').includes(match.path)) &&
  (match.outTradeNo === undefined || match.outTradeNo === subject.outTradeNo) &&
  (match.outRefundNo === undefined || match.outRefundNo === subject.outRefundNo) &&
  (match.mchid === undefined || match.mchid === subject.mchid) &&
  (match.about === undefined || match.about === subject.about) &&
  (match.host === undefined || match.host === subject.host)

function fillOptions(kind: FaultKind, given: Readonly<Record<string, unknown>>): FaultOptions {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(kind.options, name))
  if (unknown !== undefined) {
    throw new FaultOrderError(
      `${kind.name} has no option ${unknown}; it has: ${Object.keys(kind.options).join(', ') || 'none'}`,
    )
  }
  return Object.fromEntries(
    Object.entries(kind.options).map(([name, option]) => {
      const value = given[name] ?? option.default
      const fitting =
        typeof value === typeof option.default && (typeof value !== 'number' || Number.isSafeInteger(value))
      if (!fitting || (option.oneOf && !option.oneOf.some((allowed) => allowed === value))) {
        const wanted =
          option.oneOf?.join(' or ') ??
          `a ${typeof option.default === 'number' ? 'whole number' : typeof option.default}`
        throw new FaultOrderError(`option ${name} of ${kind.name} must be ${wanted}`)
      }
      return [name, value as number | boolean | string]
    }),
  )
}
