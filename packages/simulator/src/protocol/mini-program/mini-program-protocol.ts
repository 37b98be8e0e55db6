import { alphabets, randomText } from '../../engine/random.ts'
import type { World } from '../../world.ts'
import type { Answer, Call, Handled, Protocol } from '../exchange.ts'
import { getAccessToken, getStableAccessToken } from './access-token.ts'
import { code2Session } from './code2session.ts'
import { getUserPhoneNumber } from './phone-number.ts'
import { checkSessionKey, resetUserSessionKey } from './session-key.ts'
import { getOrder, getOrderList } from './shipping/shipping-queries.ts'
import {
  isTradeManaged,
  isTradeManagementConfirmationCompleted,
  notifyConfirmReceive,
  opSpecialOrder,
  setMsgJumpPath,
} from './shipping/trade-management.ts'
import { uploadCombinedShippingInfo, uploadShippingInfo } from './shipping/upload-shipping.ts'
import { sendMessage } from './subscribe/send-message.ts'
import { isWxErrorCode, type WxErrorCode, WxRefusal } from './wx-error.ts'

const endpoints = new Map<string, (world: World, call: Call) => object>([
  ['/sns/jscode2session', code2Session],
  ['/cgi-bin/token', getAccessToken],
  ['/cgi-bin/stable_token', getStableAccessToken],
  ['/wxa/business/getuserphonenumber', getUserPhoneNumber],
  ['/wxa/checksession', checkSessionKey],
  ['/wxa/resetusersessionkey', resetUserSessionKey],
  ['/wxa/sec/order/upload_shipping_info', uploadShippingInfo],
  ['/wxa/sec/order/upload_combined_shipping_info', uploadCombinedShippingInfo],
  ['/wxa/sec/order/get_order', getOrder],
  ['/wxa/sec/order/get_order_list', getOrderList],
  ['/wxa/sec/order/notify_confirm_receive', notifyConfirmReceive],
  ['/wxa/sec/order/set_msg_jump_path', setMsgJumpPath],
  ['/wxa/sec/order/is_trade_managed', isTradeManaged],
  ['/wxa/sec/order/is_trade_management_confirmation_completed', isTradeManagementConfirmationCompleted],
  ['/wxa/sec/order/opspecialorder', opSpecialOrder],
  ['/cgi-bin/message/subscribe/send', sendMessage],
])

/**
 * The server APIs of api.weixin.qq.com that login, shipping management and subscribe messages need (miniprogram-login.md,
 * after-payment.md). Errors come with HTTP 200 and a rid. `wake` is called after an answer that may have made a push due.
 */
export const miniProgramProtocol = (world: World, wake: () => void): Protocol => ({
  async handle(call) {
    const endpoint = endpoints.get(call.path)
    if (!endpoint) {
      return { answer: { status: 404, headers: {}, body: '' }, verdict: { ok: false, code: 'not_found' } }
    }
    try {
      const busy = world.faults.take({ path: call.path }, 'login.busy')
      if (busy) throw new WxRefusal(busy.options['errcode'] === 45011 ? 45011 : -1)
      const refusal = world.faults.take({ path: call.path }, 'mini-program.refused')?.options['errcode']
      if (isWxErrorCode(refusal)) throw new WxRefusal(refusal)
      return { answer: toAnswer(call, endpoint(world, call)), verdict: { ok: true, code: '0' }, afterwards: wake }
    } catch (error) {
      if (error instanceof WxRefusal) return refused(world, call, error.errcode, error.message)
      throw error
    }
  },
  async fail(call, problem) {
    const { errcode, message } = new WxRefusal(problem === 'system-error' ? -1 : 45011)
    return refused(world, call, errcode, message)
  },
})

function refused(world: World, call: Call, errcode: WxErrorCode, text: string): Handled {
  const hex = (length: number): string => randomText(world.random, alphabets.hex, length)
  const errmsg = `${text}, rid: ${hex(8)}-${hex(8)}-${hex(8)}`
  return { answer: toAnswer(call, { errcode, errmsg }), verdict: { ok: false, code: String(errcode), message: errmsg } }
}

const toAnswer = (call: Call, body: object): Answer => ({
  status: 200,
  headers: { 'content-type': call.path.startsWith('/sns/') ? 'text/plain' : 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
})
