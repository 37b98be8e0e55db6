import { isIP } from 'node:net'
import { fromRfc3339 } from '../../engine/beijing-time.ts'
import { notifyUrlProblem } from '../notify-url.ts'
import type { V3Field, V3Fields } from './json-schema.ts'

export const text = (
  label: string,
  max: number,
  check?: (value: string) => string | undefined,
): V3Field & { type: 'string' } => ({
  label,
  type: 'string',
  max,
  ...(check ? { check } : {}),
})
export const needed = <T extends V3Field>(field: T): T & { required: true } => ({ ...field, required: true })
export const matching = (pattern: RegExp, problem: string) => (value: string) =>
  pattern.test(value) ? undefined : problem

/** mchid as query and close name it. */
export const mchidField: V3Field = needed(text('直连商户号', 32))

export const outTradeNoField: V3Field = needed({
  ...text('商户订单号', 32, matching(/^[0-9A-Za-z_\-|*]+$/, '只能是数字、大小写字母_-*|')),
  min: 6,
})

/** Body of POST /v3/pay/transactions/jsapi (pay-v3.md 6). */
export const jsapiFields: V3Fields = {
  appid: needed(text('公众号ID', 32)),
  mchid: mchidField,
  description: needed(text('商品描述', 127)),
  out_trade_no: outTradeNoField,
  time_expire: text('交易结束时间', 64, (value) =>
    fromRfc3339(value) === undefined ? '必须遵循rfc3339标准格式' : undefined,
  ),
  attach: text('附加数据', 128),
  notify_url: needed(text('通知地址', 255, notifyUrlProblem)),
  goods_tag: text('订单优惠标记', 32),
  support_fapiao: { label: '电子发票入口开放标识', type: 'boolean' },
  limit_pay: {
    label: '指定支付方式',
    type: 'array',
    items: text('指定支付方式', 32, matching(/^no_credit$/, '取值范围错误')),
  },
  amount: needed({
    label: '订单金额',
    type: 'object',
    fields: {
      total: needed({ label: '总金额', type: 'integer', min: 1 }),
      currency: text('货币类型', 16, matching(/^CNY$/, '取值范围错误')),
    },
  }),
  payer: needed({ label: '支付者', type: 'object', fields: { openid: needed(text('用户标识', 128)) } }),
  detail: {
    label: '优惠功能',
    type: 'object',
    maxBytes: 6144,
    fields: {
      cost_price: { label: '订单原价', type: 'integer', min: 0 },
      invoice_id: text('商品小票ID', 32),
      goods_detail: {
        label: '单品列表',
        type: 'array',
        items: {
          label: '单品列表',
          type: 'object',
          fields: {
            merchant_goods_id: needed(text('商户侧商品编码', 32)),
            wechatpay_goods_id: text('微信支付商品编码', 32),
            goods_name: text('商品名称', 256),
            quantity: needed({ label: '商品数量', type: 'integer', min: 1 }),
            unit_price: needed({ label: '商品单价', type: 'integer', min: 0 }),
          },
        },
      },
    },
  },
  scene_info: {
    label: '场景信息',
    type: 'object',
    fields: {
      payer_client_ip: needed(text('用户终端IP', 45, (value) => (isIP(value) === 0 ? '不是合法的IP地址' : undefined))),
      device_id: text('商户端设备号', 32),
      store_info: {
        label: '商户门店信息',
        type: 'object',
        // Sources disagree whether more than the id is required: the id alone passes.
        fields: {
          id: needed(text('门店编号', 32)),
          name: text('门店名称', 256),
          area_code: text('地区编码', 32),
          address: text('详细地址', 512),
        },
      },
    },
  },
  settle_info: {
    label: '结算信息',
    type: 'object',
    fields: { profit_sharing: { label: '是否指定分账', type: 'boolean' } },
  },
}
