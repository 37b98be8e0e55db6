import { Agent, createServer, type IncomingHttpHeaders, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** Stands before the server, where WeChat brings its notifications, and times how long each waits for its answer. */
export class NotifyRelay {
  readonly url: string
  /** Where the server is; known only after it has started. */
  serverUrl = ''
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true })
  #times: number[] = []

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', async (incoming, outgoing) => {
      const { path = '', headers } = { path: incoming.url, headers: incoming.headers }
      const answer = await this.#pass(path, headers, await text(incoming))
      outgoing.writeHead(answer.status, answer.headers).end(answer.body)
    })
  }

  static async start(): Promise<NotifyRelay> {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    return new NotifyRelay(server)
  }

  /** Milliseconds of each notification that was acknowledged since the last call. */
  takeTimes(): number[] {
    const times = this.#times
    this.#times = []
    return times
  }

  get count(): number {
    return this.#times.length
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #pass(path: string, headers: IncomingHttpHeaders, body: string): Promise<Answer> {
    const startedMs = performance.now()
    const answer = await new Promise<Answer>((done) => {
      const unreachable = () => done({ status: 502, headers: {}, body: '' })
      const outgoing = request(new URL(path, this.serverUrl), { method: 'POST', headers, agent: this.#agent })
      outgoing.on('error', unreachable)
      outgoing.on('response', async (response) => {
        const { statusCode = 502, headers: answered } = response
        done({ status: statusCode, headers: answered, body: await text(response) })
      })
      outgoing.end(body)
    })
    if (answer.status < 300) this.#times.push(performance.now() - startedMs)
    return answer
  }
}

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}
