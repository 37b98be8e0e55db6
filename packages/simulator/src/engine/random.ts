import { createHash } from 'node:crypto'

/** The one source of chance: `size` random bytes. */
export type RandomBytes = (size: number) => Uint8Array

const digits = '0123456789'
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Alphabets of WeChat's ids and keys. */
export const alphabets = {
  digits,
  hex: '0123456789abcdef',
  alphanumeric: digits + letters,
  base64Url: `${digits}${letters}-_`,
} as const

/** Text of `length` characters of `alphabet`, each equally likely. */
export function randomText(random: RandomBytes, alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of random(length - text.length)) {
      if (byte < limit) text += alphabet.charAt(byte % alphabet.length)
    }
  }
  return text
}

/** A number from 0 (included) to 1 (excluded). */
export const randomFraction = (random: RandomBytes): number => Buffer.from(random(4)).readUInt32BE() / 2 ** 32

/** A source that repeats itself for the same seed, for runs that must be replayed. Not for secrets. RSA keys stay random. */
export function seededRandom(seed: string): RandomBytes {
  let counter = 0
  let pool = Buffer.alloc(0)
  return (size) => {
    while (pool.length < size) {
      pool = Buffer.concat([pool, createHash('sha256').update(`${seed}/${counter++}`).digest()])
    }
    const bytes = pool.subarray(0, size)
    pool = pool.subarray(size)
    return bytes
  }
}
