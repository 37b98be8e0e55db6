import { type KeyObject, sign } from 'node:crypto'
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
  readonly isAuthority: boolean
}

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
    der.context(3, der.sequence(basicConstraints(request.isAuthority), keyUsage(request.isAuthority))),
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

const basicConstraints = (isAuthority: boolean): Buffer =>
  extension('2.5.29.19', isAuthority ? der.sequence(der.boolean(true)) : der.sequence())

// Bits of KeyUsage: digitalSignature, nonRepudiation, keyEncipherment and dataEncipherment, or keyCertSign and cRLSign.
const keyUsage = (isAuthority: boolean): Buffer =>
  extension('2.5.29.15', isAuthority ? der.bitString(Buffer.from([0x06]), 1) : der.bitString(Buffer.from([0xf0]), 4))

const extension = (id: string, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(id), der.boolean(true), der.octetString(value))

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
