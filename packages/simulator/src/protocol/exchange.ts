import type { IncomingHttpHeaders } from 'node:http'
import type { Verdict } from '../engine/request-log.ts'

/** Which of WeChat's addresses was called: the usual host, the backup host, or the one with client certificates. */
export type Listener = 'first' | 'second' | 'secure'

/** A request as it arrived. */
export interface Call {
  readonly listener: Listener
  /** Serial number of the client certificate, if the simulator's authority issued one to the caller. */
  readonly clientCertificate?: string
  readonly method: string
  /** Path and query exactly as sent: what v3 signs. */
  readonly target: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly raw: Buffer
  /** `raw` as UTF-8 text. */
  readonly text: string
}

/** A response to send. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a protocol made of a call. */
export interface Handled {
  readonly answer: Answer
  readonly verdict: Verdict
  /** What was called, when the call was understood; counted by order. */
  readonly operation?: string
  readonly mchid?: string
  readonly outTradeNo?: string
}

/** One family of endpoints. */
export interface Protocol {
  handle(call: Call): Promise<Handled>
  /** The family's way of saying that WeChat itself has a problem. */
  fail(call: Call, problem: 'system-error' | 'frequency-limited'): Promise<Handled>
}

/** The value of a header, its repetitions joined. */
export function headerOf(call: Call, name: string): string | undefined {
  const value = call.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** A part of a path, percent-decoded; as it is when it cannot be. */
export function decodePart<T extends string | undefined>(text: T): T | string {
  try {
    return text === undefined ? text : decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What a call is about, read leniently before any check: faults are matched with it. */
export function subjectOf(call: Call): { path: string; outTradeNo?: string; mchid?: string } {
  const authorization = headerOf(call, 'authorization') ?? ''
  const outTradeNo =
    /<out_trade_no>\s*(?:<!\[CDATA\[)?([^<\]]+)/.exec(call.text)?.[1] ??
    /"out_trade_no"\s*:\s*"([^"]+)"/.exec(call.text)?.[1] ??
    decodePart(/\/out-trade-no\/([^/]+)/.exec(call.path)?.[1])
  const mchid =
    /<mch_id>\s*(?:<!\[CDATA\[)?([^<\]]+)/.exec(call.text)?.[1] ??
    /mchid="([^"]+)"/.exec(authorization)?.[1] ??
    call.query.get('mchid') ??
    undefined
  return {
    path: call.path,
    ...(outTradeNo === undefined ? {} : { outTradeNo }),
    ...(mchid === undefined ? {} : { mchid }),
  }
}
