import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, optionalText, readInput, requiredText } from './input.ts'

/** POST /_sim/notify/resend `{id}` or `{out_trade_no, mchid?}`: one more delivery at once, whatever became of the earlier ones. */
export async function resendNotification({ world, notifier, call }: Control): Promise<ControlAnswer> {
  const input = readInput(call.text)
  const id = optionalText(input, 'id')
  const outTradeNo = id === undefined ? requiredText(input, 'out_trade_no') : undefined
  const mchid = optionalText(input, 'mchid')
  const found = [...world.books.notifications.values()].find((row) =>
    id === undefined ? row.outTradeNo === outTradeNo && (mchid === undefined || row.mchid === mchid) : row.id === id,
  )
  if (!found && id !== undefined) throw new ControlInputError(`there is no notification ${id}`)
  if (!found) throw new ControlInputError(`order ${outTradeNo} has no notification: it is not paid`)
  await notifier.deliverNow(found)
  const delivery = world.books.notifications.get(found.id)?.deliveries.at(-1)
  return { body: { outcome: delivery?.outcome, status: delivery?.status } }
}
