/** The real fetch to one WeChat under several host names, any of which can be broken. */
export interface BreakingFetch {
  fetch: typeof fetch
  /** Where calls really go. */
  target: string
  /** Decides about each call: undefined lets it through. */
  rule: (host: string, request: { url: URL; init: RequestInit }) => 'refuse' | 'lose' | URL | RequestInit | undefined
  /** Calls that were begun, by host. */
  readonly calls: string[]
}

/**
 * `refuse`: nobody listens there. `lose`: it arrives, and the answer does not. A URL: the call really goes there. A
 * RequestInit goes instead of the real one.
 */
export function breakingFetch(): BreakingFetch {
  const breaking: BreakingFetch = {
    target: '',
    rule: () => undefined,
    calls: [],
    fetch: async (input, init = {}) => {
      const url = new URL(String(input))
      const { host } = url
      breaking.calls.push(host)
      const decision = breaking.rule(host, { url, init })
      if (decision === 'refuse') throw broken('ECONNREFUSED')
      const target = decision instanceof URL ? decision : breaking.target
      const changed = typeof decision === 'object' && !(decision instanceof URL) ? decision : {}
      const answer = await fetch(new URL(url.pathname + url.search, target), { ...init, ...changed })
      if (decision !== 'lose') return answer
      await answer.arrayBuffer()
      throw broken('ECONNRESET')
    },
  }
  return breaking
}

function broken(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}
