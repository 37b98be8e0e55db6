import type { WxLike } from './wx-like.ts'

/**
 * An id for an Idempotency-Key: 16 random bytes from WeChat where it has them, else time and Math.random. That is
 * enough: the server keeps keys apart by user, so that an id must only differ from the same user's others.
 */
export function randomId(wx: WxLike, clock: () => number, random: () => number): Promise<string> {
  const fallback = () => `${clock()}-${random()}`
  return new Promise<string>((resolve) => {
    if (wx.getRandomValues === undefined) resolve(fallback())
    else {
      wx.getRandomValues({
        length: 16,
        success: ({ randomValues }) => resolve(new Uint8Array(randomValues).join('.')),
        fail: () => resolve(fallback()),
      })
    }
  }).catch(fallback)
}
