/** RSA certificates with chosen serial number and validity, for tests. X.509 by hand in DER. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'

function der(tag: number, ...contents: Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...items: Uint8Array[]) => der(0x30, ...items)
const sha256WithRsa = sequence(Buffer.from('06092a864886f70d01010b', 'hex'), Buffer.from('0500', 'hex'))
const commonName = Buffer.from('0603550403', 'hex')
const nameOf = (text: string) => sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(text)))))
const platform = 'Test platform'
const yes = der(0x01, Buffer.from([0xff]))
const extension = (oid: string, ...rest: Uint8Array[]) => sequence(Buffer.from(oid, 'hex'), ...rest)

function integer(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex')
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes])
}

function time(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\.\d+/g, '')}`, 'latin1'))
}

interface CertificateOptions {
  serial: string
  privateKey: KeyObject
  from: Date
  to: Date
}

/** Self-signed, version 1. */
export function makeCertificate({ privateKey, ...options }: CertificateOptions): string {
  return signCertificate(
    { ...options, publicKey: createPublicKey(privateKey), issuer: { name: platform, privateKey } },
    platform,
  )
}

export interface TestAuthority {
  certificate: string
  /** A certificate for TLS, good for an hour before and after now, for 127.0.0.1 unless another address is given. */
  issue: (publicKey: KeyObject, address?: readonly number[]) => string
}

/** A certificate authority, for tests of TLS. */
export function makeAuthority(privateKey: KeyObject, name: string): TestAuthority {
  const issuer = { name, privateKey }
  const validity = { from: new Date(Date.now() - 3600_000), to: new Date(Date.now() + 3600_000) }
  const authority = extension('0603551d13', yes, der(0x04, sequence(yes)))
  const publicKey = createPublicKey(privateKey)
  return {
    certificate: signCertificate({ serial: '01', publicKey, issuer, ...validity }, name, authority),
    issue: (publicKey, address = [127, 0, 0, 1]) => {
      const addresses = extension('0603551d11', der(0x04, sequence(der(0x87, Buffer.from(address)))))
      return signCertificate({ serial: '02', publicKey, issuer, ...validity }, 'Test host', addresses)
    },
  }
}

function signCertificate(
  options: Omit<CertificateOptions, 'privateKey'> & {
    publicKey: KeyObject
    issuer: { name: string; privateKey: KeyObject }
  },
  subject: string,
  ...extensions: Uint8Array[]
): string {
  const content = sequence(
    ...(extensions.length === 0 ? [] : [der(0xa0, der(0x02, Buffer.from([2])))]),
    der(0x02, integer(options.serial)),
    sha256WithRsa,
    nameOf(options.issuer.name),
    sequence(time(options.from), time(options.to)),
    nameOf(subject),
    options.publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  )
  const signature = sign('sha256', content, options.issuer.privateKey)
  const certificate = sequence(content, sha256WithRsa, der(0x03, Buffer.from([0]), signature))
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}
