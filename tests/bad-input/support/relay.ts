import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What comes back in place of WeChat's own answer. */
export type Spoilt =
  | { status: number; headers?: Record<string, string>; body: string }
  /** The call reaches nobody and is never answered. */
  | 'silence'
  /** The connection is cut before the call reaches WeChat. */
  | 'reset'
  /** WeChat gets the call; its answer stops in the middle. */
  | 'half body'

/** Stands between the server and the simulated WeChat, passes everything on, and spoils what a test asks it to. */
export interface Relay {
  readonly url: string
  /** Spoils every call whose path contains `path`, until {@link heal}. */
  spoil(path: string, how: Spoilt): void
  /** Leaves out a header of all calls from now on. */
  withhold(header: string): void
  /** WeChat's own, signed answer to an earlier call whose path contains `path`. */
  genuineAnswer(path: string): Spoilt
  heal(): void
  /** Nobody listens any more: connection refused. */
  goDown(): Promise<void>
  comeUp(): Promise<void>
}

export async function startRelay(): Promise<Relay & { target: string; close(): Promise<void> }> {
  const spoilt = new Map<string, Spoilt>()
  const withheld = new Set<string>()
  const seen = new Map<string, Spoilt>()
  let port = 0
  const server = createServer((request, response) => {
    const [, how] = [...spoilt].find(([path]) => request.url?.includes(path)) ?? []
    answer(request, response, how).catch(() => response.destroy())
  })
  async function answer(request: IncomingMessage, response: ServerResponse, how: Spoilt | undefined) {
    const body = await buffer(request)
    if (how === 'silence') return
    if (how === 'reset') return void response.socket?.resetAndDestroy()
    if (typeof how === 'object') return void response.writeHead(how.status, how.headers ?? {}).end(how.body)
    const genuine = await passOn(request, body)
    const whole = await buffer(genuine)
    const status = genuine.statusCode ?? 502
    const plain = Object.entries(genuine.headers).map(([name, value]) => [name, String(value)] as const)
    seen.set(request.url ?? '', { status, headers: Object.fromEntries(plain), body: whole.toString() })
    response.writeHead(status, genuine.headers)
    if (how === 'half body') {
      response.write(whole.subarray(0, Math.ceil(whole.length / 2)), () => response.destroy())
      return
    }
    response.end(whole)
  }
  function passOn(request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !withheld.has(name)))
    const method = request.method ?? 'GET'
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        new URL(request.url ?? '/', relay.target),
        { method, headers, agent: false },
        resolve,
      )
      outgoing.on('error', reject).end(body)
    })
  }
  const listen = () =>
    new Promise<void>((resolve) => (server.listening ? resolve() : server.listen(port, '127.0.0.1', resolve)))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen()
  port = (server.address() as AddressInfo).port
  const relay = {
    url: `http://127.0.0.1:${port}`,
    target: '',
    spoil: (path: string, how: Spoilt) => void spoilt.set(path, how),
    withhold: (header: string) => void withheld.add(header),
    genuineAnswer(path: string) {
      const [, answer] = [...seen].find(([known]) => known.includes(path)) ?? []
      if (answer === undefined) throw new Error(`nothing was asked at ${path}`)
      return answer
    },
    heal() {
      spoilt.clear()
    },
    goDown: close,
    comeUp: listen,
    close,
  }
  return relay
}
