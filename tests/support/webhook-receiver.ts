import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'

/** A system of the merchant's that is told of events, on this machine. */
export interface WebhookReceiver {
  url: string
  received: { headers: IncomingHttpHeaders; body: string }[]
  /** What it answers from now on. */
  answer: { status: number; headers?: Record<string, string>; body?: string; delayMs?: number }
}

/** Call it at the top of a test file; it is closed when the file has run. */
export async function startReceiver(): Promise<WebhookReceiver> {
  const receiver: WebhookReceiver = { url: '', received: [], answer: { status: 204 } }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    receiver.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
    const { status, headers = {}, body = '', delayMs = 0 } = receiver.answer
    setTimeout(() => response.writeHead(status, headers).end(body), delayMs)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  return receiver
}
