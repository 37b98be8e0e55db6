import type { WxLike } from './wx-like.ts'

/**
 * An id for an Idempotency-Key: 16 random bytes from WeChat where it has them, else time and Math.random. That is
 * enough: the server keeps keys apart by user, so that an id must only differ from the same user's others.
 */
export function randomId(wx: WxLike, clock: () => number, random: () => number): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    if (wx.getRandomValues === undefined) return reject()
    wx.getRandomValues({
      length: 16,
      success: ({ randomValues }) => resolve(new Uint8Array(randomValues).join('.')),
      fail: reject,
    })
  }).catch(() => `${clock()}-${random()}`)
}
