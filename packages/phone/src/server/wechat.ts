/** The simulated WeChat, asked over HTTP. */
export interface WechatReply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** The simulated WeChat did not answer. */
export class WechatUnreachableError extends Error {
  readonly code = 'wechat_unreachable'

  constructor(url: string) {
    super(`the simulated WeChat at ${url} does not answer; start it, or name another one with --wechat`)
  }
}

const timeoutMs = 30_000

/** Talks to the control API of one simulated WeChat. */
export class Wechat {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  /** Throws {@link WechatUnreachableError}. */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<WechatReply> {
    try {
      const response = await fetch(new URL(path, this.url), {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    } catch {
      throw new WechatUnreachableError(this.url)
    }
  }

  async merchants(): Promise<readonly WechatMerchant[]> {
    const { body } = await this.ask('GET', '/_sim/merchants')
    return (body['merchants'] ?? []) as WechatMerchant[]
  }
}

/** What the phone uses of a merchant of the simulated WeChat. */
export interface WechatMerchant {
  readonly api_v3_key: string
  readonly apps: readonly { readonly appid: string }[]
}
