const key = 'shop.loggedOut'

/** Whether the user logged out by hand: then nothing logs in silently until they do something that needs it. */
export function isLoggedOut(): boolean {
  return wx.getStorageSync(key) === true
}

export function setLoggedOut(value: boolean): void {
  if (value) wx.setStorageSync(key, true)
  else wx.removeStorageSync(key)
}
