import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isWechatError, type WechatError } from '../errors.ts'
import { checkId } from '../options.ts'
import { BaseUrls } from './base-urls.ts'
import { decideRetry, maxAttempts } from './decide-retry.ts'
import { exchange, type Fetcher, type HttpAnswer, type HttpRequest } from './exchange.ts'
import type { HttpOptions } from './http-options.ts'

const nonceForm = /^[A-Za-z0-9]{1,32}$/
/** Share of the time left that one host may use while there is another one to turn to. */
const failOverShare = 0.6

/**
 * What repeating a call's request does. `read`: nothing ever changes. `repeatable`: the repeat changes nothing that the
 * first one did not. `once`: it must not be sent again once it may have arrived.
 */
export type Repetition = 'read' | 'repeatable' | 'once'

/** One try of a call: makes its request for the host, sends it, reads the answer. Throws a WechatError. */
export type Attempt<T> = (
  baseUrl: string,
  send: (request: HttpRequest) => Promise<HttpAnswer>,
  remainingMs: () => number,
) => Promise<T>

/** Runs calls against the hosts of an API: time limit, tries, fail-over. Holds the injected clock and nonce. */
export class HttpCaller {
  readonly timeoutMs: number
  readonly clock: () => number
  readonly #nonce: () => string
  readonly #random: () => number
  readonly #sleep: (delayMs: number) => Promise<void>
  readonly #fetch: Fetcher
  readonly #baseUrls: BaseUrls

  constructor(options: Omit<HttpOptions, 'fetch'> & { fetch?: Fetcher }, defaultBaseUrls: readonly string[]) {
    this.timeoutMs = options.timeoutMs ?? 5000
    if (!(this.timeoutMs > 0 && this.timeoutMs <= 60_000)) throw new TypeError('timeoutMs must be above 0, to 60000')
    this.clock = options.clock ?? Date.now
    this.#nonce = options.nonce ?? (() => randomBytes(16).toString('hex'))
    this.#random = options.random ?? Math.random
    this.#sleep = options.sleep ?? ((delayMs) => delay(delayMs))
    this.#fetch = options.fetch ?? globalThis.fetch
    this.#baseUrls = new BaseUrls(options.baseUrls ?? defaultBaseUrls)
  }

  /** A fresh nonce. @throws TypeError when the injected source gives none that WeChat takes */
  nonce(): string {
    return checkId('nonce', this.#nonce(), nonceForm)
  }

  /** The time in whole seconds, as text. */
  timestamp(): string {
    return String(Math.floor(this.clock() / 1000))
  }

  /**
   * Tries until there is an answer or {@link decideRetry} says to stop. Limits are measured on the monotonic clock,
   * so a step of the injected one neither cuts nor stretches a call.
   */
  async run<T>(repetition: Repetition, attemptOnce: Attempt<T>): Promise<T> {
    const idempotent = repetition !== 'once'
    const startedMs = performance.now()
    const elapsedMs = () => performance.now() - startedMs
    const hosts = this.#baseUrls.inOrder(startedMs)
    let hop = 0
    let anyUnknown = false
    for (let attempt = 1; ; attempt++) {
      const canFailOver = idempotent && hosts.length > 1 && attempt < maxAttempts
      try {
        return await this.#attempt(
          hosts[hop % hosts.length] ?? '',
          attemptOnce,
          this.timeoutMs - elapsedMs(),
          canFailOver,
        )
      } catch (error) {
        if (!isWechatError(error)) throw error
        anyUnknown ||= error.outcomeUnknown
        const facts = { elapsedMs: elapsedMs(), timeoutMs: this.timeoutMs, random: this.#random() }
        const decision = decideRetry({ attempt, error, idempotent, ...facts })
        if (!decision.retry) {
          // A refused read is an answer, whatever happened before; a refused write may be the repeat of a lost success.
          if (repetition !== 'read' || error.code !== 'wechat_refused') error.outcomeUnknown = anyUnknown
          throw error
        }
        if (decision.host === 'next') hop++
        await this.#sleep(decision.delayMs)
      }
    }
  }

  async #attempt<T>(baseUrl: string, attemptOnce: Attempt<T>, limitMs: number, canFailOver: boolean): Promise<T> {
    const startedMs = performance.now()
    const leftMs = (ofMs: number) => Math.max(1, ofMs - (performance.now() - startedMs))
    const sendLimitMs = canFailOver ? limitMs * failOverShare : limitMs
    const send = (request: HttpRequest) => exchange(request, this.#fetch, leftMs(sendLimitMs))
    try {
      const result = await attemptOnce(baseUrl, send, () => leftMs(limitMs))
      this.#baseUrls.report(baseUrl, true, performance.now())
      return result
    } catch (error) {
      if (isWechatError(error)) {
        this.#baseUrls.report(baseUrl, error.code !== 'wechat_transport', performance.now())
        markUnbelieved(error)
      }
      throw error
    }
  }
}

/** An answer came, but it cannot be believed or understood: WeChat may well have done what was asked. */
function markUnbelieved(error: WechatError): void {
  if (error.code !== 'wechat_refused' && error.code !== 'wechat_transport') error.outcomeUnknown = true
}
