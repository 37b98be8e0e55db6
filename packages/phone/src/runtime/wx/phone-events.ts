import { Listeners } from './listeners.ts'

/** How the mini program was entered: `wx.getEnterOptionsSync`. */
export interface Scene {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly scene: number
  readonly referrerInfo: object
}

/** What the phone tells the mini program, for wx.on… and wx.off…. */
export const onNetwork = new Listeners()
export const onTheme = new Listeners()
export const onWindow = new Listeners()
export const onAppShow = new Listeners()
export const onAppHide = new Listeners()
export const onError = new Listeners()
export const onRejection = new Listeners()
