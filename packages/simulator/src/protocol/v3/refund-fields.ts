import { notifyUrlProblem } from '../notify-url.ts'
import { matching, needed, text } from './jsapi-fields.ts'
import type { V3Field, V3Fields } from './json-schema.ts'

const outRefundNo: V3Field = needed(
  text('商户退款单号', 64, matching(/^[0-9A-Za-z_\-|*@]+$/, '只能是数字、大小写字母_-*|@')),
)
const fen = (label: string, min: number): V3Field & { type: 'integer' } => ({ label, type: 'integer', min })

/** Body of POST /v3/refund/domestic/refunds (pay-v3.md 9). Which order is meant is checked apart. */
export const refundFields: V3Fields = {
  transaction_id: text('微信支付订单号', 32),
  out_trade_no: text('商户订单号', 32, matching(/^[0-9A-Za-z_\-|*@]+$/, '只能是数字、大小写字母_-*|')),
  out_refund_no: outRefundNo,
  reason: text('退款原因', 80),
  notify_url: text('退款结果回调url', 256, notifyUrlProblem),
  funds_account: text('退款资金来源', 32, matching(/^(?:AVAILABLE|UNSETTLED)$/, '取值范围错误')),
  amount: needed({
    label: '金额信息',
    type: 'object',
    fields: {
      refund: needed(fen('退款金额', 1)),
      total: needed(fen('原订单金额', 1)),
      currency: needed(text('退款币种', 16, matching(/^CNY$/, '取值范围错误'))),
      from: {
        label: '退款出资账户及金额',
        type: 'array',
        items: {
          label: '退款出资账户及金额',
          type: 'object',
          fields: {
            account: needed(text('出资账户类型', 32, matching(/^(?:AVAILABLE|UNAVAILABLE)$/, '取值范围错误'))),
            amount: needed(fen('出资金额', 1)),
          },
        },
      },
    },
  }),
  goods_detail: {
    label: '退款商品',
    type: 'array',
    items: {
      label: '退款商品',
      type: 'object',
      fields: {
        merchant_goods_id: needed(text('商户侧商品编码', 32)),
        wechatpay_goods_id: text('微信支付商品编码', 32),
        goods_name: text('商品名称', 256),
        unit_price: needed(fen('商品单价', 0)),
        refund_amount: needed(fen('商品退款金额', 0)),
        refund_quantity: needed(fen('商品退货数量', 1)),
      },
    },
  },
}

const banks = 'CMB|COMM|ABC|CCB|ICBC|BOC|PAB|SPDB|CITIC|CEB|CMBC|CIB|GDB|PSBC|NBCB'

/** Body of …/{refund_id}/apply-abnormal-refund (pay-v3.md 9). */
export const abnormalRefundFields: V3Fields = {
  out_refund_no: outRefundNo,
  type: needed(text('异常退款处理方式', 32, matching(/^(?:USER|MERCHANT)_BANK_CARD$/, '取值范围错误'))),
  bank_type: text('开户银行', 16, matching(new RegExp(`^(?:${banks})_DEBIT$`), '取值范围错误')),
  bank_account: text('收款银行卡号', 1024),
  real_name: text('收款用户姓名', 1024),
}
