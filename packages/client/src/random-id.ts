import type { WxLike } from './wx-like.ts'

/**
 * An id for an Idempotency-Key: 128 random bits from WeChat where it has them, else time and Math.random. That is
 * enough: the server keeps keys apart by user, so that an id must only differ from the same user's others.
 */
export async function randomId(wx: WxLike, clock: () => number, random: () => number): Promise<string> {
  const bytes = await randomBytes(wx)
  if (bytes === undefined) return `${digits(clock())}-${digits(random() * 2 ** 52)}`
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function digits(value: number): string {
  return Math.floor(value).toString(36)
}

function randomBytes(wx: WxLike): Promise<Uint8Array | undefined> {
  return new Promise<Uint8Array | undefined>((resolve) => {
    if (wx.getRandomValues === undefined) resolve(undefined)
    else {
      wx.getRandomValues({
        length: 16,
        success: ({ randomValues }) => resolve(new Uint8Array(randomValues)),
        fail: () => resolve(undefined),
      })
    }
  }).catch(() => undefined)
}
