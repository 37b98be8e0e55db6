import { Agent, request } from 'node:https'

/** What a call over mutual TLS needs, as `GET /_sim/merchants` tells it. */
export interface SecureKeys {
  caPem: string
  certificatePem: string
  privateKeyPem: string
}

/** A `fetch` over mutual TLS, so that such calls pass the same gates as all others. Close it when the history ends. */
export function secureFetch({ caPem, certificatePem, privateKeyPem }: SecureKeys): {
  fetch: typeof fetch
  close: () => void
} {
  const agent = new Agent({ keepAlive: true, ca: caPem, cert: certificatePem, key: privateKeyPem })
  return {
    close: () => agent.destroy(),
    fetch: (input, init) =>
      new Promise((resolve, reject) => {
        const headers = Object.fromEntries(new Headers(init?.headers))
        const outgoing = request(String(input), { agent, method: init?.method ?? 'GET', headers }, (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('error', reject)
          incoming.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: incoming.statusCode ?? 0 })))
        })
        outgoing.on('error', (cause) => reject(new TypeError('fetch failed', { cause })))
        outgoing.end(typeof init?.body === 'string' ? init.body : undefined)
      }),
  }
}
