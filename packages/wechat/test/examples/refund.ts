import { isWechatError, type PayV3Client, type V3RefundRequest } from '@fenpay/wechat'

/**
 * Asks for a refund whose number and values are stored already, and tells what is next: `wait` for its end (query or
 * notify), `repeat` this very call later, or let a person `decide`.
 */
export async function applyRefund(payV3: PayV3Client, request: V3RefundRequest): Promise<'wait' | 'repeat' | 'decide'> {
  try {
    await payV3.refund(request)
    return 'wait'
  } catch (error) {
    if (!isWechatError(error)) throw error
    const isFinal = error.code === 'wechat_refused' && !error.outcomeUnknown && !error.retryLater
    return isFinal ? 'decide' : 'repeat'
  }
}
