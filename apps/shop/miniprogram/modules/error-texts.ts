import type { ErrorCode } from '../fenpay-client.js'
import { isFenpayError } from '../fenpay-client.js'

/** A failure as a user is told of it. */
export interface Told {
  title: string
  text: string
  /** What the operator needs to find the case; WeChat's own text is kept. */
  detail: string
  isOffline: boolean
}

const unexpected = '服务器没有正常回应，请稍后再试。'

/** Of every code; those that no tap of a user brings share one text. */
const texts: Readonly<Record<ErrorCode, string>> = {
  invalid_request: unexpected,
  malformed_body: unexpected,
  wx_code_invalid: '微信登录没有完成，请再试一次。',
  user_info_invalid: '微信资料没有通过校验，请再试一次。',
  login_required: '登录已失效，请再试一次。',
  not_found: unexpected,
  method_not_allowed: unexpected,
  idempotency_key_reused: unexpected,
  body_too_large: unexpected,
  unsupported_media_type: unexpected,
  internal: unexpected,
  avatar_invalid: '请选一张不超过 256 KB 的 PNG、JPEG 或 WebP 图片。',
  phone_code_invalid: '微信没有认可这次授权，请再点一次。',
  user_blocked: '微信暂时不允许这个账号登录。',
  order_not_found: '没有找到这个订单。',
  product_unknown: '有菜品已下架，请重新选择。',
  out_of_stock: '有菜品库存不足，请重新选择。',
  virtual_goods_refused: '虚拟商品不能在小程序内用微信支付购买，请从购物车中移除。',
  order_total_out_of_range: '订单金额超出范围，请分开下单。',
  order_already_paid: '这个订单已经支付。',
  order_closed: '这个订单已经关闭，请重新下单。',
  order_expired: '付款时间已过，请重新下单。',
  order_not_paid: '这个订单没有付款，没有可退的钱。',
  refund_exceeds_payment: '超过了可退的金额，请重新选择。',
  refund_item_unavailable: '有菜品已经退过或正在退款，请重新选择。',
  refund_too_soon: '两次退款需要间隔一分钟，请稍后再试。',
  refund_too_many: '这个订单的退款次数已到微信的上限，请联系商家。',
  refund_too_late: '付款已超过一年，微信不再支持退款，请联系商家。',
  refund_not_configured: '商家暂时不能在线退款，请联系商家。',
  refund_request_open: '您已经申请过退款，请等待商家处理。',
  refund_request_not_found: '没有待处理的退款申请。',
  too_many_open_orders: '您有太多未支付的订单，请先付款或取消其中一些。',
  rate_limited: '操作太频繁，请稍后再试。',
  wechat_refused: '微信没有受理，请稍后再试或联系店家。',
  wechat_unverified: '微信的回应没有通过校验，请稍后再试。',
  wechat_unreachable: '微信暂时没有回应，请稍后再试。',
  payment_not_configured: '店家暂时无法继续这笔付款，订单已为您保留，请稍后再试。',
  database_unavailable: '服务器正忙，请稍后再试。',
}

/** What to tell of an error; `error` may be anything that was thrown. */
export function tell(error: unknown): Told {
  if (!isFenpayError(error)) return { title: '出错了', text: '请稍后再试。', detail: '', isOffline: false }
  if (error.code === 'network') {
    return { title: '网络不可用', text: '请检查网络后重试。', detail: error.errMsg, isOffline: true }
  }
  if (error.code === 'login_failed') {
    return { title: '登录没有成功', text: '请稍后再试。', detail: error.errMsg, isOffline: false }
  }
  if (error.code === 'misuse')
    return { title: '页面打不开', text: '链接不完整，请从订单列表进入。', detail: '', isOffline: false }
  const text = texts[error.code as ErrorCode] ?? unexpected
  const wechat = error.problem?.wechat
  const said = wechat === undefined ? '' : `微信：${wechat.message}（${wechat.code}）`
  // A refusal that the user can mend needs no operator.
  const asked = error.requestId === undefined || error.statusCode < 500 ? '' : `请求编号 ${error.requestId}`
  return { title: '没有成功', text, detail: [said, asked].filter((part) => part !== '').join(' · '), isOffline: false }
}
