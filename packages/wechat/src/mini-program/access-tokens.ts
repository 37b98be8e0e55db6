interface Token {
  token: string
  useUntil: number
}

/** WeChat hands out a new token in the last five minutes of the old one, while both are valid. */
const overlapSeconds = 300
const shortestUseSeconds = 60
const forceGapMs = 30_000

/** Keeps the access token of one appid: cached, one request under way, and no stampede when it goes stale. */
export class AccessTokens {
  readonly #fetchToken: (force: boolean) => Promise<{ token: string; expiresInSeconds: number }>
  readonly #clock: () => number
  #cached: Token | undefined
  #fetching: Promise<Token> | undefined
  #mayForceAt = 0

  constructor(
    fetchToken: (force: boolean) => Promise<{ token: string; expiresInSeconds: number }>,
    clock: () => number,
  ) {
    this.#fetchToken = fetchToken
    this.#clock = clock
  }

  async current(): Promise<string> {
    if (this.#cached !== undefined && this.#clock() < this.#cached.useUntil) return this.#cached.token
    return (await this.#renew(undefined)).token
  }

  /**
   * A token other than the one WeChat just refused. Callers that come late get the one already fetched. Somebody else
   * may have forced a renewal, so a plain request comes first; only if it brings the refused token back is a renewal
   * forced, at most every 30 seconds (WeChat allows 20 a day).
   */
  async replacementFor(refused: string): Promise<string> {
    if (this.#fetching === undefined && this.#cached !== undefined && this.#cached.token !== refused) {
      return this.#cached.token
    }
    return (await this.#renew(refused)).token
  }

  #renew(refused: string | undefined): Promise<Token> {
    this.#fetching ??= this.#fetchOnce(refused).finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchOnce(refused: string | undefined): Promise<Token> {
    let { token, expiresInSeconds } = await this.#fetchToken(false)
    if (token === refused && this.#clock() >= this.#mayForceAt) {
      this.#mayForceAt = this.#clock() + forceGapMs
      ;({ token, expiresInSeconds } = await this.#fetchToken(true))
    }
    const useSeconds = Math.max(expiresInSeconds - overlapSeconds, Math.min(expiresInSeconds, shortestUseSeconds))
    this.#cached = { token, useUntil: this.#clock() + useSeconds * 1000 }
    return this.#cached
  }
}
