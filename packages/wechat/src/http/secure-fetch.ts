/** Requests over mutual TLS: `fetch` itself cannot present a certificate without a package of its own. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { rootCertificates, TLSSocket } from 'node:tls'
import type { ClientCertificate } from './client-certificate.ts'
import type { Fetcher } from './exchange.ts'
import { ConnectionError } from './transport-error.ts'

/** An idle connection older than this may have been dropped on the way without a word. */
const idleMs = 10_000
const bodylessStatuses = new Set([204, 205, 304])

/**
 * A fetch that presents the certificate and keeps connections alive. The host is verified against the usual
 * authorities and `caPem`, and nothing is sent to a host that fails, whatever the process's environment says. Redirects
 * are not followed. It throws a {@link ConnectionError}, so that "never sent" is told apart from "lost".
 */
export function createSecureFetch(certificate: ClientCertificate, caPem: string | undefined): Fetcher {
  const agent = new Agent({
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    ...(caPem === undefined ? {} : { ca: [...rootCertificates, caPem] }),
    keepAlive: true,
    timeout: idleMs,
    minVersion: 'TLSv1.2',
  })
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      let sent = false
      const request = httpsRequest(url, { method, headers, agent })
      const abort = () => request.destroy()
      signal.addEventListener('abort', abort, { once: true })
      request.once('close', () => signal.removeEventListener('abort', abort))
      request.once('error', (cause) => reject(new ConnectionError(sent, cause)))
      request.once('response', (response) => {
        try {
          resolve(toResponse(response))
        } catch (cause) {
          request.destroy()
          reject(new ConnectionError(true, cause))
        }
      })
      onceTrusted(request, () => {
        sent = true
        request.end(body)
      })
      if (signal.aborted) abort()
    })
}

/** Goes on when the host has proven its name: at once on a connection that was kept alive. */
function onceTrusted(request: ClientRequest, send: () => void): void {
  request.once('socket', (socket) => {
    if (!(socket instanceof TLSSocket)) return void request.destroy(new Error('No TLS connection'))
    if (socket.authorized) return send()
    socket.once('secureConnect', () => {
      if (socket.authorized) return send()
      const code = String(socket.authorizationError)
      request.destroy(Object.assign(new Error('The host is not trusted'), { code }))
    })
  })
}

function toResponse(incoming: IncomingMessage): Response {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const status = incoming.statusCode ?? 0
  if (!bodylessStatuses.has(status)) return new Response(Readable.toWeb(incoming), { status, headers })
  incoming.resume()
  return new Response(null, { status, headers })
}
