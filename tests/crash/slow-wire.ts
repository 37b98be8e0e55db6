import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Stands between a server and WeChat, passes everything on as it is, and can keep one answer back. */
export class SlowWire {
  readonly #target: string
  readonly #server = createServer((call, answer) => void this.#pass(call, answer))
  #trap: { path: string; reached: () => void } | undefined
  #kept: (() => void) | undefined

  private constructor(target: string) {
    this.#target = target
  }

  static async start(target: string): Promise<{ wire: SlowWire; url: string }> {
    const wire = new SlowWire(target)
    await new Promise<void>((done) => wire.#server.listen(0, '127.0.0.1', done))
    return { wire, url: `http://127.0.0.1:${(wire.#server.address() as AddressInfo).port}` }
  }

  /** Keeps the answer to the next such call back; resolves when WeChat has given it. */
  keepAnswer(path: string): Promise<void> {
    return new Promise((reached) => {
      this.#trap = { path, reached }
    })
  }

  /** Hands over what was kept. */
  release(): void {
    this.#kept?.()
    this.#kept = undefined
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #pass(call: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method, url = '/', rawHeaders } = call
    const out = request(new URL(url, this.#target), { method, headers: rawHeaders as never })
    out.on('error', () => answer.destroy())
    out.on('response', async (given) => {
      const chunks: Buffer[] = []
      for await (const chunk of given) chunks.push(chunk as Buffer)
      const hand = () => void answer.writeHead(given.statusCode ?? 502, given.rawHeaders).end(Buffer.concat(chunks))
      const trap = this.#trap !== undefined && url.startsWith(this.#trap.path) ? this.#trap : undefined
      if (trap === undefined) return hand()
      this.#trap = undefined
      this.#kept = hand
      trap.reached()
    })
    call.pipe(out)
  }
}
