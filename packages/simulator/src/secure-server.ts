import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { issueCertificate } from './crypto/certificate.ts'
import { newSerialNo, type SecureIdentity, toPrivatePem } from './engine/authority.ts'
import type { World } from './world.ts'

/** Under TLS: the connections as they are without it, by the port that the client has. */
const plainSockets = new WeakMap<Server, Map<number, Socket>>()
const serverOf = new WeakMap<TLSSocket, Server>()

/**
 * The https port (pay-v2.md 1). It asks every client for a certificate, has it verified, and turns nobody away in the
 * handshake: who has shown a good one is read by {@link clientCertificateOf}, and the protocol answers CERT_ERROR to the
 * others on the paths that need one, as WeChat does.
 */
export function secureServer(world: World, { caPem, certificatePem, privateKeyPem }: SecureIdentity): Server {
  const genuine = { cert: certificatePem, key: privateKeyPem, ca: caPem }
  const server = createServer({ keepAliveTimeout: 30_000, ...genuine, requestCert: true, rejectUnauthorized: false })
  const sockets = new Map<number, Socket>()
  plainSockets.set(server, sockets)
  let impostor = false
  // Before TLS begins on a connection, it is decided with which certificate, or that it does not begin at all.
  server.prependListener('connection', (socket: Socket) => {
    const port = socket.remotePort ?? 0
    sockets.set(port, socket)
    socket.once('close', () => sockets.delete(port))
    const fault = world.faults.take({ host: 'secure' }, 'tls.refused')
    if (fault?.options['kind'] === 'reset') socket.resetAndDestroy()
    const wanted = fault?.options['kind'] === 'wrong-certificate'
    if (wanted !== impostor) server.setSecureContext(wanted ? strangersIdentity(world) : genuine)
    impostor = wanted
  })
  server.on('secureConnection', (socket: TLSSocket) => serverOf.set(socket, server))
  return server
}

/** Serial number of the certificate that the client has shown and proven, if the simulator's authority issued it. */
export function clientCertificateOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const { serialNumber } = socket.getPeerCertificate()
  return serialNumber === '' ? undefined : serialNumber
}

/** Ends a connection with a reset, also under TLS, which has no reset of its own. */
export function resetConnection(socket: Socket | null): void {
  if (!(socket instanceof TLSSocket)) {
    socket?.resetAndDestroy()
    return
  }
  const server = serverOf.get(socket)
  const plain = server && plainSockets.get(server)?.get(socket.remotePort ?? 0)
  plain?.resetAndDestroy()
}

/** A certificate for the right names that no authority vouches for. */
function strangersIdentity(world: World): { cert: string; key: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const nowMs = world.clock.wallMs()
  const name = { CN: 'localhost' }
  const cert = issueCertificate({
    serialNo: newSerialNo(world),
    subject: name,
    issuer: name,
    publicKey: pair.publicKey,
    signingKey: pair.privateKey,
    notBeforeMs: nowMs - 86_400_000,
    notAfterMs: nowMs + 86_400_000,
    purpose: 'server',
    hosts: ['localhost', Buffer.from([127, 0, 0, 1])],
  })
  return { cert, key: toPrivatePem(pair) }
}
