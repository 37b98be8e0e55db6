import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import { TLSSocket } from 'node:tls'
import type { SecureIdentity } from './engine/authority.ts'

/**
 * The https port (pay-v2.md 1). It asks every client for a certificate and turns none away: which paths need one is
 * decided by the protocol, as WeChat answers CERT_ERROR and does not end the handshake.
 */
export const secureServer = ({ caPem, certificatePem, privateKeyPem }: SecureIdentity): Server =>
  createServer({
    keepAliveTimeout: 30_000,
    cert: certificatePem,
    key: privateKeyPem,
    ca: caPem,
    requestCert: true,
    rejectUnauthorized: false,
  })

/** Serial number of the certificate that the client has shown and proven, if the simulator's authority issued it. */
export function clientCertificateOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { serialNumber } = socket.getPeerCertificate()
  return serialNumber === '' ? undefined : serialNumber
}
