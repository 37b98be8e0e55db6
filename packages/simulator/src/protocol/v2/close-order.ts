import { closeOrder as close } from '../../engine/orders.ts'
import type { World } from '../../world.ts'
import { payBeforeClose } from '../pay-before-close.ts'
import { checkFields, closeOrderRules } from './field-rules.ts'
import type { V2Fields } from './v2-answer.ts'
import { V2Refusal } from './v2-refusal.ts'
import type { V2Request } from './v2-request.ts'

/** /pay/closeorder (pay-v2.md 6). */
export function closeOrder(world: World, request: V2Request): V2Fields {
  checkFields(request.params, closeOrderRules)
  const outTradeNo = request.params.get('out_trade_no') ?? ''
  const { mchid } = request.merchant
  payBeforeClose(world, { path: request.path, outTradeNo, mchid, about: 'payment' })
  if (world.faults.take({ path: request.path, outTradeNo, mchid, about: 'payment' }, 'close.success-but-notpay'))
    return closed
  switch (close(world, mchid, outTradeNo, true)) {
    case 'done':
      return closed
    case 'unknown':
      throw new V2Refusal('ORDERNOTEXIST', '订单不存在')
    case 'paid':
      throw new V2Refusal('ORDERPAID', '该订单已支付')
    case 'closed':
      throw new V2Refusal('ORDERCLOSED', '该订单已关闭')
    case 'too-young':
      // The documents state the rule and no code for it; this one says that the state does not allow closing.
      throw new V2Refusal('TRADE_STATE_ERROR', '订单生成后5分钟内不能关闭')
  }
}

const closed: V2Fields = [['result_msg', 'OK']]
