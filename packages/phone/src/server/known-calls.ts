import type { Step } from './story-entry.ts'

/** What a newcomer is told of a call. */
export interface KnownCall {
  readonly what: string
  readonly why: string
  readonly step?: Step
}

type Row = readonly [method: string, path: RegExp, step: Step | undefined, what: string, why: string]

const wechatCalls: readonly Row[] = [
  [
    'GET',
    /^\/sns\/jscode2session/,
    1,
    '用 code 换 openid',
    '只有后端有 AppSecret，所以只有它能问微信“这个 code 是谁”。得到的 session_key 绝不下发给小程序。',
  ],
  [
    'POST',
    /^\/wxa\/business\/getuserphonenumber/,
    1,
    '用 code 换手机号',
    '手机号按钮给出的 code 只能用一次，由后端换成号码。',
  ],
  ['GET', /^\/wxa\/checksession/, 1, '检查 session_key', '后端确认手里的 session_key 还没有过期。'],
  ['GET', /^\/wxa\/resetusersessionkey/, 1, '重置 session_key', '让旧的 session_key 失效，换一个新的。'],
  [
    '',
    /^\/cgi-bin\/(stable_)?token/,
    undefined,
    '取 access_token',
    '后端调用小程序服务端接口的通行证，两小时一换，只留在后端。',
  ],
  [
    'POST',
    /^\/(v3\/pay\/transactions\/jsapi|pay\/unifiedorder)/,
    3,
    '统一下单 JSAPI',
    '后端先向微信登记这笔钱：给谁、多少分、通知发到哪里。微信核对签名，还一个 prepay_id，它就是收银台的门票。',
  ],
  [
    '',
    /^\/(v3\/pay\/transactions\/(id|out-trade-no)\/[^/]+$|pay\/orderquery)/,
    6,
    '查单',
    '手机说“付了”或“取消”都不算数，通知也可能丢；后端直接问微信这笔单子的真实状态。',
  ],
  [
    'POST',
    /^\/(v3\/pay\/transactions\/out-trade-no\/[^/]+\/close|pay\/closeorder)/,
    6,
    '关单',
    '不再收这笔钱之前，先请微信把单子关掉；关不掉，就说明可能已经付了。',
  ],
  ['GET', /^\/v3\/certificates/, undefined, '下载平台证书', '后端用它验证“这真的是微信发来的”。'],
  [
    'POST',
    /^\/(v3\/refund\/|secapi\/pay\/refund)/,
    undefined,
    '申请退款',
    '同一个退款单号可以放心重试，钱只会退一次。',
  ],
  ['', /^\/(v3\/refund\/|pay\/refundquery)/, undefined, '查退款', '退款要过一会儿才到账，后端问微信进行到哪一步。'],
  [
    'POST',
    /^\/wxa\/sec\/order\/upload_shipping_info/,
    undefined,
    '录入发货信息',
    '实物订单要告诉微信已经发货，否则这笔钱会被冻结。',
  ],
]

const shopCalls: readonly Row[] = [
  [
    'POST',
    /\/(wx)?login\b|\/session/i,
    1,
    '登录',
    '小程序把 wx.login 得到的 code 交给后端，换一个后端自己的登录凭证，之后的请求都带着它。',
  ],
  ['POST', /\/users?\/.*phone|\/phone/i, 1, '绑定手机号', '小程序交出手机号按钮的 code，号码由后端去微信换。'],
  [
    'POST',
    /unified_?order|prepay/i,
    3,
    '请后端下单到微信',
    '小程序拿着订单号来要支付参数。签名的密钥只在后端，所以参数由后端签好，小程序原样交给微信。',
  ],
  [
    'POST',
    /chk_?order|check/i,
    6,
    '问后端：付了吗',
    '不管收银台说成功、取消还是失败，小程序都问一次后端，只信后端的答案。',
  ],
  ['POST', /\/cancel\b/i, 6, '取消订单', '后端先让微信关单，确认没有付过钱，才释放库存。'],
  [
    'POST',
    /\/orders?(\/submit|\/create)?\/?(\?|$)/i,
    2,
    '提交订单',
    '只说买什么、买几份，从不说多少钱：价格以后端的商品目录为准，库存也在这时预留。',
  ],
  ['GET', /\/products?\b/i, undefined, '取商品', '商品、价格和库存都来自后端。'],
  ['GET', /\/orders?\b/i, undefined, '看订单', '订单的状态以后端为准，每次打开都重新取。'],
]

const notifies: readonly Row[] = [
  ['POST', /refund/i, undefined, '退款通知', '微信告诉后端退款的结果。和支付通知一样，先验签，再解密，处理完才应答。'],
  [
    'POST',
    /./,
    5,
    '支付通知',
    '钱到了，微信主动告诉后端。后端先验签、再解密、逐项核对金额和单号，记好账才应答；不应答，微信会一再重发。',
  ],
]

const find = (rows: readonly Row[], method: string, path: string): KnownCall | undefined => {
  const row = rows.find(([wanted, pattern]) => (wanted === '' || wanted === method) && pattern.test(path))
  if (row === undefined) return undefined
  const [, , step, what, why] = row
  return { what, why, ...(step === undefined ? {} : { step }) }
}

/** A call of a back end to WeChat. `path` with its query. */
export function wechatCall(method: string, path: string): KnownCall {
  const [bare = ''] = path.split('?')
  return find(wechatCalls, method, bare) ?? { what: '调用微信接口', why: '后端向微信的服务器发出的请求。' }
}

/** A call of a mini program to its back end, guessed from the path. */
export function shopCall(method: string, path: string): KnownCall {
  return find(shopCalls, method, path) ?? { what: '请求后端', why: '小程序用 wx.request 向自己的后端发出的请求。' }
}

/** A notification by its notify_url. */
export function notification(url: string): KnownCall {
  return find(notifies, 'POST', url) ?? { what: '通知', why: '' }
}
