import type { PaymentParameters } from '@fenpay/contract'

/** What WeChat says when a call fails; `errno` is missing in old base libraries. */
export interface WxFailure {
  errMsg: string
  errno?: number
}

/** One answer of wx.request: any status arrives here, 4xx and 5xx too. Header names come in any case. */
export interface WxAnswer {
  statusCode: number
  data: unknown
  header: Record<string, unknown>
}

export interface WxEnds {
  success: (answer: WxAnswer) => void
  fail: (failure: WxFailure) => void
}

/**
 * The part of `wx` that this library calls, no more: the mini program's own `wx` fits, and so does a stand-in.
 * Every call is made with callbacks, which all base libraries have.
 */
export interface WxLike {
  login(options: {
    timeout: number
    success: (answer: { code: string; errMsg: string }) => void
    fail: (failure: WxFailure) => void
  }): unknown
  request(
    options: WxEnds & {
      url: string
      method: 'GET' | 'POST'
      header: Record<string, string>
      data?: Record<string, unknown>
      timeout: number
    },
  ): unknown
  uploadFile(options: {
    url: string
    filePath: string
    name: string
    header: Record<string, string>
    timeout: number
    success: (answer: { statusCode: number; data: string }) => void
    fail: (failure: WxFailure) => void
  }): unknown
  requestPayment(
    options: PaymentParameters & {
      success: (answer: { errMsg: string }) => void
      fail: (failure: WxFailure) => void
      complete: (answer: { errMsg: string }) => void
    },
  ): unknown
  getStorageSync(key: string): unknown
  setStorageSync(key: string, data: unknown): void
  /** Base library 2.18.1 and newer. */
  getRandomValues?(options: {
    length: number
    success: (answer: { randomValues: ArrayBuffer }) => void
    fail: (failure: { errMsg: string }) => void
  }): unknown
}
