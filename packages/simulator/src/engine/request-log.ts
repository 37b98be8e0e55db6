/** What WeChat made of a message. */
export interface Verdict {
  readonly ok: boolean
  /** WeChat's code, or a lower-case word of the simulator where WeChat has none. */
  readonly code: string
  readonly message?: string
  /** The string WeChat signed; a v2 key in it is shown as `<api_v2_key>`. */
  readonly signedString?: string
  /** Where that string parts from the sender's, if it can be told. */
  readonly differsAt?: string
}

/** One message, seen from WeChat: `in` is a call to WeChat, `out` a notification. */
export interface RequestLogEntry {
  readonly id: number
  readonly atMs: number
  readonly direction: 'in' | 'out'
  readonly method: string
  /** With its query; for `out`, the whole address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly requestBody: string
  /** 0 when no answer was sent or received. */
  readonly status: number
  readonly responseHeaders: Readonly<Record<string, string>>
  readonly responseBody: string
  readonly verdict: Verdict
  readonly faults: readonly string[]
}

const keptMax = 2000
const bodyLengthMax = 65_536
const secrets = [
  /((?:^|[?&])(?:secret|access_token)=)[^&]*/g,
  /("(?:secret|session_key|access_token)"\s*:\s*")(?:[^"\\]|\\.)*/g,
]

/** The last 2,000 messages. Secrets of the Mini Program APIs are replaced before a message is kept. */
export class RequestLog {
  #entries: RequestLogEntry[] = []
  #nextId = 1

  add(entry: Omit<RequestLogEntry, 'id'>): void {
    this.#entries.push({
      ...entry,
      id: this.#nextId++,
      path: redact(entry.path),
      requestBody: redact(entry.requestBody).slice(0, bodyLengthMax),
      responseBody: redact(entry.responseBody).slice(0, bodyLengthMax),
    })
    if (this.#entries.length > keptMax * 1.5) this.#entries = this.#entries.slice(-keptMax)
  }

  /** The newest `limit` entries with an id above `since` and `path` within their path, oldest first. */
  list({
    since = 0,
    limit = keptMax,
    path = '',
  }: {
    since?: number
    limit?: number
    path?: string
  }): RequestLogEntry[] {
    const found = this.#entries.slice(-keptMax).filter((entry) => entry.id > since && entry.path.includes(path))
    return limit === 0 ? [] : found.slice(-limit)
  }

  clear(): void {
    this.#entries = []
  }
}

const redact = (text: string): string => secrets.reduce((left, secret) => left.replace(secret, '$1<redacted>'), text)
