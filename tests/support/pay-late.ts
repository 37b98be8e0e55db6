import { Shopper } from './shop.ts'
import type { TimedShop } from './timed-shop.ts'

/**
 * A shopper cancels an order, WeChat closes it, and takes the money all the same (F22).
 *
 * @param refundFault what WeChat does when the money is given back, once unless `options` say more
 * @returns the order's number; nobody has waited for what follows
 */
export async function payLate(shop: TimedShop, refundFault?: string, options = {}): Promise<string> {
  const shopper = await Shopper.arrive(shop)
  const orderNumber = await shopper.order()
  const pay = await shopper.prepay(orderNumber)
  await shopper.api.cancelOrder(shopper.token, orderNumber)
  await shop.passTime(6 * 60)
  await shop.wechat.fault('pay.after-close')
  if (refundFault !== undefined) await shop.wechat.fault(refundFault, options)
  await shopper.pay(pay)
  return orderNumber
}
