// The little of DER (X.690) that a certificate needs.

const element = (tag: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes])
}

export const sequence = (...items: Uint8Array[]): Buffer => element(0x30, Buffer.concat(items))
export const set = (...items: Uint8Array[]): Buffer => element(0x31, Buffer.concat(items))
export const boolean = (value: boolean): Buffer => element(0x01, Buffer.from([value ? 0xff : 0]))
/** An integer from its bytes, most significant first; the first bit must be 0 and the first byte not 0, or it must be one byte. */
export const integer = (bytes: Uint8Array): Buffer => element(0x02, bytes)
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  element(0x03, Buffer.concat([Buffer.from([unusedBits]), bytes]))
export const octetString = (bytes: Uint8Array): Buffer => element(0x04, bytes)
export const nothing = (): Buffer => element(0x05, Buffer.alloc(0))
export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text))
/** GeneralizedTime is needed from 2050 on; UTCTime before (RFC 5280 4.1.2.5). */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits))
}
/** A primitive context-specific element, `[number] IMPLICIT`. */
export const contextPrimitive = (number: number, content: Uint8Array): Buffer => element(0x80 + number, content)
/** A constructed context-specific element, `[number]`. */
export const context = (number: number, content: Uint8Array): Buffer => element(0xa0 + number, content)

/** An object identifier from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift((left & 0x7f) | 0x80)
  return bytes
}
