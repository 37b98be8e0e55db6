import type { ErrorCode } from '@fenpay/contract'

/**
 * An expected no, with its stable code and what is wrong here. It is thrown, not returned, because a refusal in the
 * middle of a transaction must also undo what the transaction did so far.
 */
export class Refusal extends Error {
  readonly code: ErrorCode
  /** WeChat's own code and text, where WeChat was the one to refuse. */
  readonly wechat: { code: string; message: string } | undefined

  constructor(code: ErrorCode, detail: string, wechat?: { code: string; message: string }) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
    this.wechat = wechat
  }
}
