import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import * as der from './der.ts'

/** The parts of a distinguished name that WeChat's certificates use. */
export type DistinguishedName = Readonly<Partial<Record<'C' | 'L' | 'O' | 'OU' | 'CN', string>>>

/** What {@link issueCertificate} puts into a certificate. */
export interface CertificateRequest {
  /** 20 bytes as 40 upper-case hex digits; the first digit is 1 to 7, so that the number is positive and keeps its length. */
  readonly serialNo: string
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  readonly publicKey: KeyObject
  /** Private key of the issuer. */
  readonly signingKey: KeyObject
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly purpose: CertificatePurpose
  /** Names and IPv4 or IPv6 addresses (4 or 16 bytes) that a server's certificate is good for. */
  readonly hosts?: readonly (string | Uint8Array)[]
}

/** What a certificate may be used for: issuing others, signing messages, or one end of a TLS connection and signing. */
export type CertificatePurpose = 'authority' | 'signing' | 'client' | 'server'

const attributeIds = { C: '2.5.4.6', L: '2.5.4.7', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const
const sha256WithRsa = der.sequence(der.objectIdentifier('1.2.840.113549.1.1.11'), der.nothing())

/** Issues an X.509 v3 certificate (RFC 5280), signed with RSA-SHA256, as PEM. */
export function issueCertificate(request: CertificateRequest): string {
  const body = der.sequence(
    der.context(0, der.integer(Buffer.from([2]))),
    der.integer(Buffer.from(request.serialNo, 'hex')),
    sha256WithRsa,
    encodeName(request.issuer),
    der.sequence(der.time(request.notBeforeMs), der.time(request.notAfterMs)),
    encodeName(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, der.sequence(...extensionsOf(request))),
  )
  const signature = sign('RSA-SHA256', body, request.signingKey)
  return toPem(der.sequence(body, sha256WithRsa, der.bitString(signature)))
}

function encodeName(name: DistinguishedName): Buffer {
  const parts = (['C', 'L', 'O', 'OU', 'CN'] as const).flatMap((key) => {
    const value = name[key]
    return value === undefined
      ? []
      : [der.set(der.sequence(der.objectIdentifier(attributeIds[key]), der.utf8String(value)))]
  })
  return der.sequence(...parts)
}

function extensionsOf({ purpose, hosts, publicKey, signingKey }: CertificateRequest): Buffer[] {
  const isAuthority = purpose === 'authority'
  const usage = extendedUsages[purpose]
  return [
    extension('2.5.29.19', isAuthority ? der.sequence(der.boolean(true)) : der.sequence(), true),
    // Bits of KeyUsage: keyCertSign and cRLSign, or digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment.
    extension(
      '2.5.29.15',
      isAuthority ? der.bitString(Buffer.from([0x06]), 1) : der.bitString(Buffer.from([0xf0]), 4),
      true,
    ),
    extension('2.5.29.14', der.octetString(keyIdentifier(publicKey))),
    extension('2.5.29.35', der.sequence(der.contextPrimitive(0, keyIdentifier(createPublicKey(signingKey))))),
    ...(usage === undefined ? [] : [extension('2.5.29.37', der.sequence(der.objectIdentifier(usage)))]),
    ...(hosts === undefined ? [] : [extension('2.5.29.17', der.sequence(...hosts.map(alternativeName)))]),
  ]
}

const extendedUsages: Readonly<Partial<Record<CertificatePurpose, string>>> = {
  client: '1.3.6.1.5.5.7.3.2',
  server: '1.3.6.1.5.5.7.3.1',
}

const keyIdentifier = (key: KeyObject): Buffer =>
  createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()

const alternativeName = (host: string | Uint8Array): Buffer =>
  typeof host === 'string' ? der.contextPrimitive(2, Buffer.from(host)) : der.contextPrimitive(7, host)

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  der.sequence(der.objectIdentifier(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value))

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
