/** Options that all clients share. */
export interface HttpOptions {
  /** Makes the requests. Default: the global `fetch`. */
  fetch?: typeof fetch
  /** Milliseconds since the epoch, for timestamps and ages in messages. Default: `Date.now`. */
  clock?: () => number
  /** A fresh random text of 1–32 letters and digits. Default: 32 hex digits from the system's generator. */
  nonce?: () => string
  /** A number in [0, 1) for the jitter between tries. Default: `Math.random`. */
  random?: () => number
  /** Waits between two tries, milliseconds. Default: the system's timer. */
  sleep?: (delayMs: number) => Promise<void>
  /** Origins in order of preference; later ones are for fail-over. Default: WeChat's own. */
  baseUrls?: readonly string[]
  /** Limit of a whole call in milliseconds: all tries and their bodies. Default 5000, at most 60000. */
  timeoutMs?: number
  /**
   * Origins for the calls that need a client certificate (Pay v2 refunds), in order of preference; https only.
   * Default: WeChat Pay's own two, whatever `baseUrls` says.
   */
  secureBaseUrls?: readonly string[]
  /** A certificate authority (PEM) to trust for `secureBaseUrls` beside the usual ones: a simulated WeChat's. */
  secureCaPem?: string
  /** Makes the requests with a client certificate. Default: `node:https` with that certificate. */
  secureFetch?: typeof fetch
}
