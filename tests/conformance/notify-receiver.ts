import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A notification as it came over the wire. */
export interface NotifyMessage {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a back end answers to a notification. */
export interface NotifyReply {
  readonly status: number
  readonly body: string
}

/** The address that notifications are sent to; what to answer is the test's to say. */
export interface NotifyReceiver {
  readonly url: string
  handle: (message: NotifyMessage) => Promise<NotifyReply>
  close(): Promise<void>
}

/** Listens on a free port of the loopback. Until `handle` is set, and whenever it throws, the answer is 500. */
export async function openNotifyReceiver(): Promise<NotifyReceiver> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const failed = (error: unknown): NotifyReply => ({ status: 500, body: String(error) })
    const reply = await receiver.handle({ headers: request.headers, body }).catch(failed)
    response.writeHead(reply.status).end(reply.body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const receiver: NotifyReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`,
    handle: async () => ({ status: 500, body: 'nobody handles notifications' }),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
  return receiver
}
