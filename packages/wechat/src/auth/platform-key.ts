import { type KeyObject, X509Certificate } from 'node:crypto'
import { encryptOaep } from '../crypto/rsa-oaep.ts'
import { toRsaPublicKey, verifyRsaSha256 } from '../crypto/rsa-sha256.ts'
import { normalSerial } from './serial.ts'

/** WeChat's side: a platform certificate or the WeChat Pay public key. Verifies, and encrypts what only WeChat may read. */
export class PlatformKey {
  readonly kind: 'certificate' | 'public_key'
  /** What `Wechatpay-Serial` names it by. */
  readonly serial: string
  /** The serial in WeChat's own spelling, to name the key to WeChat. */
  readonly wireSerial: string
  readonly publicKey: KeyObject
  /** Milliseconds since the epoch; a public key is always valid. */
  readonly effectiveAt: number
  readonly expiresAt: number
  /** The certificate in PEM; none for a public key. */
  readonly pem: string | undefined

  private constructor(
    kind: PlatformKey['kind'],
    serial: string,
    publicKey: KeyObject,
    [effectiveAt, expiresAt]: readonly [number, number],
    pem?: string,
  ) {
    this.kind = kind
    this.serial = kind === 'certificate' ? normalSerial(serial) : serial
    this.wireSerial = serial
    this.publicKey = publicKey
    this.effectiveAt = effectiveAt
    this.expiresAt = expiresAt
    this.pem = pem
  }

  /** @throws TypeError when it is no RSA public key or the id is not `PUB_KEY_ID_…` */
  static fromPublicKey(id: string, publicKey: string | KeyObject): PlatformKey {
    if (!/^PUB_KEY_ID_\d{8,64}$/.test(id)) throw new TypeError('The id of a public key is PUB_KEY_ID_ and digits')
    return new PlatformKey('public_key', id, toRsaPublicKey('publicKey', publicKey), [0, Number.POSITIVE_INFINITY])
  }

  /** @throws TypeError when it is no RSA certificate or carries another serial number */
  static fromCertificate(serialNo: string, pem: string): PlatformKey {
    const certificate = parseCertificate(pem)
    if (normalSerial(certificate.serialNumber) !== normalSerial(serialNo)) {
      throw new TypeError('serial_no differs from the serial number in the certificate')
    }
    return new PlatformKey(
      'certificate',
      serialNo.toUpperCase(),
      toRsaPublicKey('certificate', certificate.publicKey),
      [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)],
      pem,
    )
  }

  isValidAt(nowMs: number): boolean {
    return nowMs >= this.effectiveAt && nowMs < this.expiresAt
  }

  /** A sensitive field, in base64. The request must name the key by its serial. */
  encrypt(text: string): string {
    return encryptOaep(text, this.publicKey)
  }

  verify(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return verifyRsaSha256(message, signature, this.publicKey)
  }
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw new TypeError('certificate must be an X.509 certificate in PEM')
  }
}
