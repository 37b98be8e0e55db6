/** RSASSA-PKCS1-v1_5 with SHA-256, on the thread pool so that the event loop stays free. */
import { createPrivateKey, createPublicKey, KeyObject, sign, verify } from 'node:crypto'

export function signRsaSha256(message: Uint8Array, privateKey: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', message, privateKey, (error, signature) => (error === null ? resolve(signature) : reject(error)))
  })
}

export function verifyRsaSha256(message: Uint8Array, signature: Uint8Array, publicKey: KeyObject): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify('sha256', message, publicKey, signature, (error, valid) => (error === null ? resolve(valid) : reject(error)))
  })
}

/** A PEM text or KeyObject to an RSA private key of at least 2048 bits. @throws TypeError, without the key */
export function toRsaPrivateKey(name: string, key: string | KeyObject): KeyObject {
  return checkRsa(name, key, 'private', createPrivateKey)
}

/** A PEM text or KeyObject to an RSA public key of at least 2048 bits. @throws TypeError, without the key */
export function toRsaPublicKey(name: string, key: string | KeyObject): KeyObject {
  return checkRsa(name, key, 'public', createPublicKey)
}

function checkRsa(
  name: string,
  key: string | KeyObject,
  type: 'private' | 'public',
  parse: (pem: string) => KeyObject,
): KeyObject {
  const keyObject = key instanceof KeyObject ? key : tryParse(key, parse)
  const bits = keyObject?.asymmetricKeyDetails?.modulusLength ?? 0
  // createPublicKey turns a private PEM into a public key in silence: a mixed-up file would go unnoticed.
  const mixedUp = type === 'public' && typeof key === 'string' && key.includes('PRIVATE KEY')
  if (keyObject?.type !== type || keyObject.asymmetricKeyType !== 'rsa' || bits < 2048 || mixedUp) {
    throw new TypeError(`${name} must be an RSA ${type} key of at least 2048 bits, PEM or KeyObject`)
  }
  return keyObject
}

function tryParse(pem: unknown, parse: (pem: string) => KeyObject): KeyObject | undefined {
  if (typeof pem !== 'string') return undefined
  try {
    return parse(pem)
  } catch {
    return undefined
  }
}
