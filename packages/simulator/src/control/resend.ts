import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, optionalText, readInput, requiredText } from './input.ts'

/** POST /_sim/notify/resend `{out_trade_no, mchid?}`: one more delivery at once, whatever became of the earlier ones. */
export async function resendNotification({ world, notifier, call }: Control): Promise<ControlAnswer> {
  const input = readInput(call.text)
  const outTradeNo = requiredText(input, 'out_trade_no')
  const mchid = optionalText(input, 'mchid')
  const found = [...world.books.notifications.values()].find(
    (row) => row.outTradeNo === outTradeNo && (mchid === undefined || row.mchid === mchid),
  )
  if (!found) throw new ControlInputError(`order ${outTradeNo} has no notification: it is not paid`)
  await notifier.deliverNow(found)
  const delivery = world.books.notifications.get(found.id)?.deliveries.at(-1)
  return { body: { outcome: delivery?.outcome, status: delivery?.status } }
}
