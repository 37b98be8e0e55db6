import { createPublicKey, type KeyObject } from 'node:crypto'
import { signRsaSha256, toRsaPrivateKey } from '../crypto/rsa-sha256.ts'
import { checkId } from '../options.ts'
import { normalSerial } from './serial.ts'

/** Our side: signs as the merchant. A class of its own, so that it never passes for a key of WeChat's. */
export class MerchantKey {
  readonly serialNo: string
  readonly #privateKey: KeyObject

  constructor(options: { serialNo: string; privateKey: string | KeyObject }) {
    this.serialNo = checkId('merchantKey.serialNo', options.serialNo, /^[0-9A-Fa-f]{8,64}$/).toUpperCase()
    this.#privateKey = toRsaPrivateKey('merchantKey.privateKey', options.privateKey)
  }

  /** The signature of a text, in base64. Runs on the thread pool. */
  async sign(message: string): Promise<string> {
    return (await signRsaSha256(Buffer.from(message, 'utf8'), this.#privateKey)).toString('base64')
  }

  /** True when the serial number or public key is this merchant's own. */
  isOwn(serial: string, publicKey: KeyObject): boolean {
    return normalSerial(serial) === normalSerial(this.serialNo) || createPublicKey(this.#privateKey).equals(publicKey)
  }
}
