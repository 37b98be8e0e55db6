import { timingSafeEqual } from 'node:crypto'

/** Compares two digests in hex in constant time. Lengths are public, and differing ones are simply unequal. */
export function equalDigests(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left, 'latin1')
  const rightBytes = Buffer.from(right, 'latin1')
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes)
}
