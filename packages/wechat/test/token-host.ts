/** A loopback api.weixin.qq.com that hands out the token T1 and answers all else as a test says. */
import type { ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { MiniProgramClient } from '../src/index.ts'
import { type SeenRequest, startHost } from './loopback-host.ts'
import { nowMs } from './test-platform.ts'

export interface TokenHost {
  client: MiniProgramClient
  /** The requests besides those for tokens. */
  requests: SeenRequest[]
}

/** An answer, or what is to be done with the connection. Of several the n-th answers the n-th call, the last all later. */
export type ApiAnswer = object | ((response: ServerResponse) => void)

export async function startTokenHost(t: TestContext, appid: string, ...answers: ApiAnswer[]): Promise<TokenHost> {
  const requests: SeenRequest[] = []
  const { origin } = await startHost(t, (request, response) => {
    if (request.url.startsWith('/cgi-bin/stable_token')) {
      response.end(JSON.stringify({ access_token: 'T1', expires_in: 7200 }))
      return
    }
    requests.push(request)
    const answer = answers[Math.min(requests.length, answers.length) - 1]
    if (typeof answer === 'function') answer(response)
    else response.end(JSON.stringify(answer))
  })
  const secret = '0123456789abcdef0123456789abcdef'
  const options = { appid, secret, clock: () => nowMs, random: () => 0, timeoutMs: 2000 }
  return { client: new MiniProgramClient({ ...options, baseUrls: [origin] }), requests }
}
