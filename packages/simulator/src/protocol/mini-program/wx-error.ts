/**
 * Codes of the Mini Program server APIs that this simulator uses: miniprogram-login.md 3, 7, 8 and after-payment.md 1
 * and 2. Where the documents name no errmsg, the text says the same in our words.
 */
export const wxErrorTexts = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40013: 'invalid appid',
  40029: 'invalid code',
  40037: 'invalid template_id',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40163: 'code been used',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  41030: 'invalid page',
  42001: 'access_token expired',
  43002: 'require POST method',
  44002: 'empty post data',
  43101: 'user refuse to accept the msg',
  43107: 'require subscribe ability, it is banned',
  43108: 'concurrent send to one user',
  45011: 'api minute-quota reach limit mustslower retry next minute',
  45168: 'sensitive word in the message',
  47001: 'data format error',
  47003: 'argument invalid!',
  48001: 'api unauthorized',
  87007: 'session_key is not existed or expired',
  87008: 'invalid sig_method',
  87009: 'invalid signature',
  10060001: '支付单不存在',
  10060002: '支付单已完成发货，无法继续发货',
  10060003: '支付单已使用重新发货机会',
  10060004: '支付单处于不可发货的状态',
  10060005: '物流类型有误',
  10060006: '非快递发货时不允许分拆发货',
  10060007: '分拆发货模式下必须填写is_all_delivered字段',
  10060008: '商品描述item_desc字段不能为空',
  10060009: '商品描述item_desc字段太长',
  10060011: 'last_index有误',
  10060012: '系统错误',
  10060013: '存在重复的子单',
  10060014: '参数错误',
  10060019: '系统错误',
  10060020: '该笔支付单在没有任何商品描述的情况下不允许完成发货',
  10060023: '发货信息未更新',
  10060024: '物流信息列表太长',
  10060025: '物流公司编码太长',
  10060026: '物流单号太长',
  10060028: '支付单未发货',
  10060029: '签收时间有误',
  10060030: '支付单已提醒过',
  10060031: '用户openid与支付者不符',
  10060032: '支付单不是快递发货',
  268485194: 'order_number_type有误',
  268485195: 'transaction_id不能为空',
  268485196: 'mchid不能为空',
  268485197: 'out_trade_no不能为空',
  268485216: 'upload_time格式有误，应为RFC 3339',
  268485224: 'delivery_mode有误',
  268485226: '物流单号tracking_no不能为空',
  268485227: '物流公司express_company不能为空',
  268485228: '统一发货时物流信息只能有一条',
  268485253: '主单与子单的order_number_type不一致',
  268546000: 'type有误',
  268546001: 'delay_to有误',
  268546002: '订单不存在',
} as const

export type WxErrorCode = keyof typeof wxErrorTexts

export const isWxErrorCode = (code: unknown): code is WxErrorCode =>
  typeof code === 'number' && Object.hasOwn(wxErrorTexts, code)

/** A refused Mini Program call: HTTP 200 with errcode and errmsg. */
export class WxRefusal extends Error {
  readonly errcode: WxErrorCode

  /** `detail` says more than the code's own text. */
  constructor(errcode: WxErrorCode, detail?: string) {
    super(detail === undefined ? wxErrorTexts[errcode] : `${wxErrorTexts[errcode]} ${detail}`)
    this.errcode = errcode
  }
}
