import { createFenpay, type WxLike } from '../src/index.ts'

/** The real `wx`, as WeChat types it, fits without a cast, and so do the details of the buttons. */
export const fenpay = createFenpay({ wx, baseUrl: 'https://pay.example.com' })

export const logIn = ({ detail }: WechatMiniprogram.ButtonGetUserInfo) => fenpay.loginWithUserInfo(detail)

export const keepPhone = ({ detail }: WechatMiniprogram.ButtonGetPhoneNumber) => fenpay.bindPhone(detail.code)

// @ts-expect-error: a stand-in that cannot pay is none.
export const broken: WxLike = { login: wx.login, request: wx.request }
