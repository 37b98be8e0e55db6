import { type KeyObject, X509Certificate } from 'node:crypto'
import { toRsaPublicKey, verifyRsaSha256 } from '../crypto/rsa-sha256.ts'
import { normalSerial } from './serial.ts'

/** WeChat's side: a platform certificate or the WeChat Pay public key. Only ever verifies. */
export class PlatformKey {
  readonly kind: 'certificate' | 'public_key'
  /** What `Wechatpay-Serial` names it by. */
  readonly serial: string
  readonly publicKey: KeyObject
  /** Milliseconds since the epoch; a public key is always valid. */
  readonly effectiveAt: number
  readonly expiresAt: number

  private constructor(
    kind: PlatformKey['kind'],
    serial: string,
    publicKey: KeyObject,
    [effectiveAt, expiresAt]: readonly [number, number],
  ) {
    this.kind = kind
    this.serial = serial
    this.publicKey = publicKey
    this.effectiveAt = effectiveAt
    this.expiresAt = expiresAt
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
      normalSerial(serialNo),
      toRsaPublicKey('certificate', certificate.publicKey),
      [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)],
    )
  }

  isValidAt(nowMs: number): boolean {
    return nowMs >= this.effectiveAt && nowMs < this.expiresAt
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
