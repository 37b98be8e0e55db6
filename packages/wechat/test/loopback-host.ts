/** A real HTTP server on a free loopback port that answers as a test says and keeps what it was sent. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface SeenRequest {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

/** Answers the n-th request, counting from 1. */
export type Answerer = (request: SeenRequest, response: ServerResponse, count: number) => void | Promise<void>

export interface LoopbackHost {
  origin: string
  requests: SeenRequest[]
}

/** With `secure` it speaks https. */
export async function startHost(t: TestContext, answer: Answerer, secure?: ServerOptions): Promise<LoopbackHost> {
  const requests: SeenRequest[] = []
  const take = (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
      requests.push(seen)
      void answer(seen, response, requests.length)
    })
  }
  const server = secure === undefined ? createServer(take) : createSecureServer(secure, take)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const scheme = secure === undefined ? 'http' : 'https'
  return { origin: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** A loopback origin where nobody listens. */
export async function closedOrigin(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

/** An origin whose name the resolver refuses by its form, without asking any server. */
export const unresolvableOrigin = `http://${'x'.repeat(64)}.invalid`
