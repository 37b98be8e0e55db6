import { createHmac } from 'node:crypto'
import { decodeBase64 } from '../crypto/base64.ts'

/**
 * A user's session_key. It must never reach the client or a log, so it shows itself only when asked by name: printing,
 * inspecting or serialising it gives a mark in its place.
 */
export class SessionKey {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** From its text as WeChat gives it: base64 of 16 bytes. @throws TypeError, without the key */
  static from(text: string): SessionKey {
    if (typeof text !== 'string' || decodeBase64(text)?.length !== 16) {
      throw new TypeError('A session_key is base64 of 16 bytes')
    }
    return new SessionKey(text)
  }

  /** The key's text, to be sealed and stored, or to sign with. */
  reveal(): string {
    return this.#text
  }

  /** hex(HMAC-SHA256) of a text under the key's text, as checksession and its like want it. */
  hmac(data: string): string {
    return createHmac('sha256', this.#text).update(data, 'utf8').digest('hex')
  }

  toString(): string {
    return '[session_key]'
  }

  toJSON(): string {
    return '[session_key]'
  }
}
