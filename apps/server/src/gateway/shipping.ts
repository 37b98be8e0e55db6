import {
  fitItemDesc,
  isWechatError,
  type MiniProgramClient,
  type ShippingInfo,
  WechatRefusedError,
} from '@fenpay/wechat'
import type { DeliveryOutcome } from '../domain/outbox.ts'
import type { ShippingNotice } from '../ports.ts'
import { toBeijingRfc3339 } from './beijing-time.ts'

const logisticsTypes = { express: 1, city: 2, virtual: 3, pickup: 4 } as const
/** WeChat's order states from "shipped" on; before it is 1, and 5 is an order that was given back. */
const shippedStates = new Set([2, 3, 4, 6])

/** upload_shipping_info, at most once as far as WeChat lets us: each further call uses up the one re-ship of an order. */
export async function uploadShipping(
  client: MiniProgramClient,
  notice: ShippingNotice,
  mayHaveArrived: boolean,
): Promise<DeliveryOutcome> {
  try {
    if (mayHaveArrived) {
      const { order_state, shipping } = await client.getShippingOrder({ transaction_id: notice.transactionId })
      if (shippedStates.has(order_state) || shipping?.finish_shipping === true)
        return { outcome: 'delivered', note: 'WeChat has it from an earlier try' }
    }
    const answer = await client.uploadShippingInfo(shippingInfo(notice))
    return answer === 'uploaded' ? { outcome: 'delivered' } : { outcome: 'delivered', note: 'WeChat had it already' }
  } catch (error) {
    return deliveryFailureOf(error)
  }
}

function shippingInfo({ how, company, trackingNo, contact, ...notice }: ShippingNotice): ShippingInfo {
  return {
    order_key: { order_number_type: 2, transaction_id: notice.transactionId },
    logistics_type: logisticsTypes[how],
    delivery_mode: 1,
    shipping_list: [
      {
        item_desc: fitItemDesc(notice.itemDescription),
        ...(trackingNo === undefined ? {} : { tracking_no: trackingNo }),
        ...(company === undefined ? {} : { express_company: company }),
        ...(contact === undefined ? {} : { contact: { receiver_contact: contact } }),
      },
    ],
    upload_time: toBeijingRfc3339(notice.at),
    payer: { openid: notice.openid },
  }
}

/**
 * Everything thrown by a Mini Program call, as the outbox understands it. What our own reader of the values refused
 * (`TypeError`) no later try can mend.
 */
export function deliveryFailureOf(error: unknown): DeliveryOutcome {
  if (error instanceof TypeError) return { outcome: 'refused', error: error.message }
  if (!isWechatError(error)) throw error
  if (error.outcomeUnknown) return { outcome: 'unknown', error: error.message }
  if (!(error instanceof WechatRefusedError) || error.retryLater) return { outcome: 'later', error: error.message }
  return { outcome: 'refused', error: error.message }
}
