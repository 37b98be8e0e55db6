/** Self-signed RSA certificates with chosen serial number and validity, for tests. X.509 version 1, by hand in DER. */
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
const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('Test platform')))))

function integer(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex')
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes])
}

function time(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\.\d+/g, '')}`, 'latin1'))
}

export function makeCertificate(options: { serial: string; privateKey: KeyObject; from: Date; to: Date }): string {
  const publicKey = createPublicKey(options.privateKey).export({ type: 'spki', format: 'der' })
  const content = sequence(
    der(0x02, integer(options.serial)),
    sha256WithRsa,
    name,
    sequence(time(options.from), time(options.to)),
    name,
    publicKey,
  )
  const signature = sign('sha256', content, options.privateKey)
  const certificate = sequence(content, sha256WithRsa, der(0x03, Buffer.from([0]), signature))
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}
