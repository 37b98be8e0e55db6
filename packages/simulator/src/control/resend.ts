import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, optionalText, readInput, requiredText } from './input.ts'

/**
 * POST /_sim/notify/resend `{id}` or `{out_trade_no, mchid?, out_refund_no?}`: one more delivery at once, whatever became
 * of the earlier ones. Without out_refund_no the payment's.
 */
export async function resendNotification({ world, notifier, call }: Control): Promise<ControlAnswer> {
  const input = readInput(call.text)
  const id = optionalText(input, 'id')
  const outTradeNo = id === undefined ? requiredText(input, 'out_trade_no') : undefined
  const mchid = optionalText(input, 'mchid')
  const outRefundNo = optionalText(input, 'out_refund_no')
  const found = [...world.books.notifications.values()].find((row) => {
    if (id !== undefined) return row.id === id
    const same = row.outTradeNo === outTradeNo && row.refund?.outRefundNo === outRefundNo
    return same && (mchid === undefined || row.mchid === mchid)
  })
  if (!found && id !== undefined) throw new ControlInputError(`there is no notification ${id}`)
  if (!found) {
    const what = outRefundNo === undefined ? 'it is not paid' : `refund ${outRefundNo} has not ended, or nobody is told`
    throw new ControlInputError(`order ${outTradeNo} has no notification: ${what}`)
  }
  await notifier.deliverNow(found)
  const delivery = world.books.notifications.get(found.id)?.deliveries.at(-1)
  return { body: { outcome: delivery?.outcome, status: delivery?.status } }
}
