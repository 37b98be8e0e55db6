import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'

const algorithm = 'RSA-SHA256'
const strictBase64 = /^[A-Za-z0-9+/]+={0,2}$/

/** RSASSA-PKCS1-v1_5 with SHA-256, base64. Runs on the thread pool. */
export function rsaSign(message: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(algorithm, Buffer.from(message), key, (error, signature) => {
      if (error) reject(error)
      else resolve(signature.toString('base64'))
    })
  })
}

/** Whether `signature` (base64, nothing but base64) is `key`'s over `message`. Runs on the thread pool. */
export function rsaVerify(message: string, signature: string, key: KeyObject): Promise<boolean> {
  if (!strictBase64.test(signature)) return Promise.resolve(false)
  return new Promise((resolve, reject) => {
    verify(algorithm, Buffer.from(message), key, Buffer.from(signature, 'base64'), (error, valid) => {
      if (error) reject(error)
      else resolve(valid)
    })
  })
}

/** A new RSA-2048 pair, made on the thread pool: call it several times at once. */
export const generateRsaPair = (): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> =>
  promisify(generateKeyPair)('rsa', { modulusLength: 2048 })

/** Keys parsed once: PEM text → KeyObject. A certificate's PEM gives its public key. */
export class KeyCache {
  readonly #private = new Map<string, KeyObject>()
  readonly #public = new Map<string, KeyObject>()

  privateKey(pem: string): KeyObject {
    return remember(this.#private, pem, createPrivateKey)
  }

  publicKey(pem: string): KeyObject {
    return remember(this.#public, pem, createPublicKey)
  }
}

function remember(cache: Map<string, KeyObject>, pem: string, parse: (pem: string) => KeyObject): KeyObject {
  const known = cache.get(pem)
  if (known) return known
  const key = parse(pem)
  cache.set(pem, key)
  return key
}
