import type { Cart } from '../modules/cart'

const key = 'shop.cart'

/** The cart outlives the mini program: WeChat ends it after some minutes in the background. */
export function readCart(): Cart {
  const kept: unknown = wx.getStorageSync(key)
  return typeof kept === 'object' && kept !== null ? (kept as Cart) : {}
}

export function writeCart(cart: Cart): void {
  wx.setStorageSync(key, cart)
}
