const failuresBeforeSwitch = 3
const avoidMs = 60_000

/** The hosts of an API. After three failures in a row the first one is passed over for a minute, then tried again. */
export class BaseUrls {
  readonly #all: readonly string[]
  #failures = 0
  #avoidUntilMs = 0

  /** @throws TypeError unless each is a bare origin: a path would be signed, yet be unknown to WeChat */
  constructor(baseUrls: readonly string[]) {
    if (baseUrls.length === 0) throw new TypeError('baseUrls must name at least one host')
    this.#all = baseUrls.map(toOrigin)
  }

  get count(): number {
    return this.#all.length
  }

  /** The hosts in the order in which a call at this (monotonic) time should try them. */
  inOrder(nowMs: number): readonly string[] {
    const [first, ...others] = this.#all
    if (first === undefined || others.length === 0 || nowMs >= this.#avoidUntilMs) return this.#all
    return [...others, first]
  }

  /** Tells how a try on a host went: whether the host answered at all. */
  report(baseUrl: string, answered: boolean, nowMs: number): void {
    if (baseUrl !== this.#all[0]) return
    this.#failures = answered ? 0 : this.#failures + 1
    if (this.#failures >= failuresBeforeSwitch) this.#avoidUntilMs = nowMs + avoidMs
    else if (answered) this.#avoidUntilMs = 0
  }
}

function toOrigin(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  const isBare = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username + url.password === ''
  if (url === undefined || !isBare || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('Each of baseUrls must be an http or https origin such as https://api.mch.weixin.qq.com')
  }
  return url.origin
}
