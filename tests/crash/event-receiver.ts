import { createServer, type IncomingHttpHeaders } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { restartablePort } from './free-port.ts'

/** A system of the merchant's that believes only what is signed, counts each event by its id, and can be slow. */
export class EventReceiver {
  readonly url: string
  /** What the address was added with. */
  secret = ''
  /** Events by their id, and how often each was told. */
  readonly taken = new Map<string, { type: string; body: string; times: number }>()
  /** What was not believed, and why. */
  readonly refused: string[] = []
  #hold: { side: 'before' | 'after'; reached: () => void } | undefined
  #answer: (() => void) | undefined
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const hold = this.#hold
    this.#hold = undefined
    const body = Buffer.concat(chunks).toString()
    const status = hold?.side === 'before' ? 503 : this.#take(request.headers, body)
    const answer = () => void response.writeHead(status).end()
    if (hold === undefined) return answer()
    this.#answer = answer
    hold.reached()
  })

  private constructor(port: number) {
    this.url = `http://127.0.0.1:${port}/events`
    this.#server.listen(port, '127.0.0.1')
  }

  static async start(): Promise<EventReceiver> {
    return new EventReceiver(await restartablePort())
  }

  /** Gives the next event no answer, and takes it or not; resolves when it is there. */
  hold(side: 'before' | 'after'): Promise<void> {
    return new Promise((reached) => {
      this.#hold = { side, reached }
    })
  }

  /** Answers what is held, late, and holds nothing more. */
  release(): void {
    this.#hold = undefined
    this.#answer?.()
    this.#answer = undefined
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #take(headers: IncomingHttpHeaders, body: string): number {
    const id = String(headers['webhook-id'])
    try {
      const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
      const { type } = new Webhook(this.secret).verify(body, texts) as { type: string }
      const known = this.taken.get(id)
      // The same id is the same event, to the letter.
      if (known !== undefined && known.body !== body) throw new Error(`${id} says something else than before`)
      this.taken.set(id, { type, body, times: (known?.times ?? 0) + 1 })
      return 204
    } catch (error) {
      this.refused.push(String(error))
      return 400
    }
  }
}
