import type { IncomingHttpHeaders } from 'node:http'
import type { Books } from '../engine/books.ts'
import type { FaultMatch } from '../engine/fault-plan.ts'
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
  readonly outRefundNo?: string
  /** Done after the answer has left. */
  readonly afterwards?: () => void
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
export function subjectOf(call: Call, books: Books): FaultMatch & { readonly path: string } {
  const field = (name: string): string | undefined =>
    new RegExp(`<${name}>\\s*(?:<!\\[CDATA\\[)?([^<\\]]+)`).exec(call.text)?.[1] ??
    new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(call.text)?.[1]
  const inPath = (pattern: RegExp): string | undefined => decodePart(pattern.exec(call.path)?.[1])
  const authorization = headerOf(call, 'authorization') ?? ''
  const mchid = field('mch_id') ?? /mchid="([^"]+)"/.exec(authorization)?.[1] ?? call.query.get('mchid') ?? undefined
  const refund =
    books.refunds.find(field('refund_id') ?? inPath(/\/refunds\/([^/]+)\//) ?? '') ??
    books.refunds.get(mchid ?? '', field('out_refund_no') ?? inPath(/\/refunds\/([^/]+)$/) ?? '')
  const outRefundNo = refund?.outRefundNo ?? field('out_refund_no') ?? inPath(/\/refunds\/([^/]+)$/)
  const transactionId = field('transaction_id') ?? inPath(/\/transactions\/id\/([^/]+)/) ?? ''
  const outTradeNo =
    books.orders.find(transactionId)?.outTradeNo ??
    field('out_trade_no') ??
    inPath(/\/out-trade-no\/([^/]+)/) ??
    refund?.outTradeNo
  return {
    path: call.path,
    host: call.listener,
    ...(/^\/(?:sns|cgi-bin|wxa)\//.test(call.path)
      ? {}
      : { about: /refund/.test(call.path) ? ('refund' as const) : ('payment' as const) }),
    ...(outTradeNo === undefined ? {} : { outTradeNo }),
    ...(outRefundNo === undefined ? {} : { outRefundNo }),
    ...(mchid === undefined ? {} : { mchid }),
  }
}
