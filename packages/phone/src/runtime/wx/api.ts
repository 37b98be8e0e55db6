/** What a mini program hands to a call of `wx`. */
export type Options = Readonly<Record<string, unknown>>
type Result = Readonly<Record<string, unknown>> | undefined

/** Why a call failed: `name:fail detail`, and WeChat's errno where it has one. */
export class Failure extends Error {
  readonly extra: Readonly<Record<string, unknown>>

  constructor(detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.extra = extra
  }
}

type Callback = (result: unknown) => void
const isCallback = (value: unknown): value is Callback => typeof value === 'function'

/** The options of a call; anything else is none. */
export const asOptions = (value: unknown): Options =>
  typeof value === 'object' && value !== null ? (value as Options) : {}

/** The result that WeChat hands to fail and to a rejected promise. */
export function failureOf(name: string, error: unknown): { errMsg: string } {
  if (error instanceof Failure) {
    const { message, extra } = error
    return {
      errMsg: message.includes(':fail') ? message : `${name}:fail${message === '' ? '' : ` ${message}`}`,
      ...extra,
    }
  }
  return { errMsg: `${name}:fail ${error instanceof Error ? error.message : error}` }
}

/** Calls success or fail, then complete, never before the call has returned. */
export function settle(options: Options, outcome: { ok: boolean; result: unknown }): void {
  const { success, fail, complete } = options
  const first = outcome.ok ? success : fail
  queueMicrotask(() => {
    try {
      if (isCallback(first)) first(outcome.result)
    } finally {
      if (isCallback(complete)) complete(outcome.result)
    }
  })
}

/**
 * A call of `wx` as WeChat makes them: success or fail, then complete; a promise where no callback is given. `work`
 * returns what success gets besides errMsg, and throws a Failure.
 */
export function api(name: string, work: (options: Options) => Result | Promise<Result>): (given?: unknown) => unknown {
  return (given) => {
    const options = asOptions(given)
    const outcome = Promise.resolve()
      .then(() => work(options))
      .then(
        (result): { ok: boolean; result: unknown } => ({ ok: true, result: { errMsg: `${name}:ok`, ...result } }),
        (error: unknown) => ({ ok: false, result: failureOf(name, error) }),
      )
    if (isCallback(options['success']) || isCallback(options['fail']) || isCallback(options['complete'])) {
      void outcome.then((one) => settle(options, one))
      return undefined
    }
    return outcome.then(({ ok, result }) => (ok ? result : Promise.reject(result)))
  }
}

/** Text of an option; `fallback` when it is absent. Throws WeChat's parameter error for another type. */
export function textOption(options: Options, name: string, fallback?: string): string {
  const value = options[name] ?? fallback
  if (typeof value === 'string') return value
  const type = value === undefined || value === null ? 'Undefined' : typeof value
  throw new Failure(`parameter error: parameter.${name} should be String instead of ${type};`)
}

/** A number of an option; `fallback` when it is absent or no number. */
export const numberOption = (options: Options, name: string, fallback: number): number => {
  const value = options[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}
