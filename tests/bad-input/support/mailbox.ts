import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A notification as WeChat sent it. */
export interface Notification {
  /** Its path, which is our notify address's. */
  path: string
  headers: Record<string, string>
  body: Uint8Array<ArrayBuffer>
}

/**
 * The public address of the server under test: WeChat's notifications arrive here and are acknowledged, so that nothing
 * reaches the server but what a test brings to it.
 */
export async function startMailbox(): Promise<{ url: string; messages: Notification[]; close(): Promise<void> }> {
  const messages: Notification[] = []
  const server = createServer(async (request, response) => {
    const body = Uint8Array.from(await buffer(request))
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers
    const plain = Object.entries(headers).map(([name, value]) => [name, String(value)] as const)
    messages.push({ path: request.url ?? '', headers: Object.fromEntries(plain), body })
    const isV2 = request.url?.includes('/v2-')
    response.writeHead(isV2 ? 200 : 204).end(isV2 ? '<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>' : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    messages,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
