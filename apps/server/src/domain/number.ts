/** Crockford's alphabet: no I, L, O, U, so that a number read aloud is not mistaken. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * Writes 16 random bytes as 26 characters. Order numbers and out_trade_no are made so: nobody can guess or count them
 * (A34), and they fit WeChat's rule for out_trade_no, `[0-9A-Za-z_-|*]{6,32}`.
 * @throws TypeError when there are not exactly 16 bytes.
 */
export function numberFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new TypeError(`16 bytes make a number, not ${bytes.length}`)
  let value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let text = ''
  for (let position = 0; position < 26; position++) {
    text = alphabet.charAt(Number(value & 31n)) + text
    value >>= 5n
  }
  return text
}
